/** Owns for how long the audit log is kept, and what is over. Must not know the other settings. */
import { Button, Group, NumberInput, type NumberInputProps, Skeleton, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';

import { changeAgentSettings } from '../../api/client';
import { keys, settingsQuery } from '../../api/queries';
import type { AgentSettings } from '../../api/shapes';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';

const words = texts.audit.kept;
// What the server takes.
const DAYS = { min: 7, max: 3650 };
const HISTORY_DAYS = { min: 30, max: 3650 };

export function KeptPart() {
  const settings = useQuery(settingsQuery);
  if (settings.isPending) return <Skeleton h={80} aria-label={texts.loading} />;
  if (!settings.data) return <ProblemNote error={settings.error} onRetry={() => void settings.refetch()} />;
  return <KeptForm settings={settings.data} />;
}

function KeptForm({ settings }: { settings: AgentSettings }) {
  const cache = useQueryClient();
  const [edited, setEdited] = useState<{
    detailDays?: number | string;
    days?: number | string;
    historyDays?: number | string;
  }>({});
  const detailDays = edited.detailDays ?? settings.auditDetailDays;
  const days = edited.days ?? settings.auditDays;
  const historyDays = edited.historyDays ?? settings.historyDays;
  const saving = useMutation({
    mutationFn: () =>
      changeAgentSettings({
        auditDetailDays: Number(detailDays),
        auditDays: Number(days),
        historyDays: Number(historyDays),
      }),
    onSuccess: (saved) => {
      cache.setQueryData(keys.settings, saved);
      void cache.invalidateQueries({ queryKey: keys.audit });
      setEdited({});
    },
  });
  const errors = formErrors(saving.error, ['auditDetailDays', 'auditDays', 'historyDays'] as const);
  const isValid = isWithin(detailDays) && isWithin(days) && Number(detailDays) <= Number(days);
  const isHistoryValid = isWithin(historyDays, HISTORY_DAYS);
  const hasChanges =
    Number(detailDays) !== settings.auditDetailDays ||
    Number(days) !== settings.auditDays ||
    Number(historyDays) !== settings.historyDays;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Group align="flex-start" gap="sm">
          <DaysInput
            label={words.detailDays}
            w={160}
            value={detailDays}
            error={errors.at.auditDetailDays}
            onChange={(value) => setEdited((known) => ({ ...known, detailDays: value }))}
          />
          <DaysInput
            label={words.days}
            w={160}
            value={days}
            error={errors.at.auditDays ?? (isValid ? undefined : words.invalid)}
            onChange={(value) => setEdited((known) => ({ ...known, days: value }))}
          />
          <DaysInput
            label={words.historyDays}
            description={words.history}
            w={260}
            value={historyDays}
            error={errors.at.historyDays ?? (isHistoryValid ? undefined : words.invalidHistory)}
            onChange={(value) => setEdited((known) => ({ ...known, historyDays: value }))}
          />
        </Group>
        {errors.whole && <ProblemNote error={saving.error} />}
        <Button
          type="submit"
          size="xs"
          w="fit-content"
          loading={saving.isPending}
          disabled={!isValid || !isHistoryValid || !hasChanges}
        >
          {texts.save}
        </Button>
      </Stack>
    </form>
  );
}

function DaysInput(props: NumberInputProps) {
  return <NumberInput allowDecimal={false} allowNegative={false} {...props} />;
}

function isWithin(days: number | string, { min, max } = DAYS): boolean {
  const count = Number(days);
  return days !== '' && Number.isInteger(count) && count >= min && count <= max;
}
