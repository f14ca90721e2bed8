/** Owns editing one document of rules: change, add, remove, save as a whole. Must not know whose it is. */
import {
  ActionIcon,
  Autocomplete,
  Button,
  Group,
  NumberInput,
  Select,
  Stack,
  Table,
  Text,
  Tooltip,
} from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { changePolicy } from '../../api/client';
import { keys } from '../../api/queries';
import type { Policy, PolicyRule } from '../../api/shapes';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';

const words = texts.policies;

// What rules are most often about; any tool can be named beside them.
const ACTIONS = [
  'agent.spawn',
  'agent.delegate',
  'page.delete',
  'task.delete',
  '*.delete',
  'tool:*',
  'tool:agent_spawn',
];
const NEW: PolicyRule = { action: '', effect: 'ask', deciders: 1, deciderRole: 'admin' };

/** A rule with what tells it from the others while it is edited. */
interface Draft extends PolicyRule {
  key: number;
}

export function PolicyEditor({ agentId, policy }: { agentId: string | null; policy: Policy }) {
  const cache = useQueryClient();
  const [rules, setRules] = useState<Draft[]>(() => policy.rules.map((rule, key) => ({ ...rule, key })));
  const [isChanged, setIsChanged] = useState(false);
  const saving = useMutation({
    mutationFn: () => changePolicy(agentId, { version: policy.version, rules: rules.map(withoutKey) }),
    onSuccess: (saved) => {
      cache.setQueryData(keys.policy(agentId), saved);
      notifications.show({ message: words.saved });
    },
  });
  const put = (next: Draft[]) => {
    saving.reset();
    setIsChanged(true);
    setRules(next);
  };
  const change = (key: number, part: Partial<PolicyRule>) =>
    put(rules.map((rule) => (rule.key === key ? { ...rule, ...part } : rule)));
  const add = () => put([...rules, { ...NEW, key: Math.max(-1, ...rules.map(({ key }) => key)) + 1 }]);
  const reread = () => void cache.invalidateQueries({ queryKey: keys.policy(agentId) });
  return (
    <Stack gap="sm">
      {rules.length === 0 && (
        <Text size="sm" c="dimmed">
          {words.none}
        </Text>
      )}
      {rules.length > 0 && (
        <Rules
          rules={rules}
          onChange={change}
          onRemove={(key) => put(rules.filter((rule) => rule.key !== key))}
        />
      )}
      {saving.isError && <ProblemNote error={saving.error} onRetry={reread} />}
      <Group gap="xs">
        <Button variant="default" size="xs" leftSection={<Plus size={14} aria-hidden />} onClick={add}>
          {words.add}
        </Button>
        <Button size="xs" disabled={!isChanged} loading={saving.isPending} onClick={() => saving.mutate()}>
          {words.save}
        </Button>
        {policy.updatedAt && policy.updatedBy && (
          <Text size="xs" c="dimmed" component="div">
            <Ago moment={policy.updatedAt} /> · {policy.updatedBy.name}
          </Text>
        )}
      </Group>
      <Text size="xs" c="dimmed" maw={640}>
        {words.defaults}: {words.defaultsText}
      </Text>
    </Stack>
  );
}

function withoutKey({ action, effect, deciders, deciderRole, deadlineMinutes }: Draft): PolicyRule {
  return { action: action.trim(), effect, deciders, deciderRole, deadlineMinutes };
}

interface RulesProps {
  rules: Draft[];
  onChange: (key: number, part: Partial<PolicyRule>) => void;
  onRemove: (key: number) => void;
}

function Rules({ rules, onChange, onRemove }: RulesProps) {
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table verticalSpacing={6} horizontalSpacing={6} fz="sm" aria-label={words.rules}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>
              <Tooltip label={words.actionHint} multiline maw={320}>
                <span>{words.action}</span>
              </Tooltip>
            </Table.Th>
            <Table.Th w={96}>{words.effect}</Table.Th>
            <Table.Th w={84}>{words.deciders}</Table.Th>
            <Table.Th w={112}>{words.role}</Table.Th>
            <Table.Th w={92}>{words.deadline}</Table.Th>
            <Table.Th w={36} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rules.map((rule) => (
            <RuleRow
              key={rule.key}
              rule={rule}
              onChange={(part) => onChange(rule.key, part)}
              onRemove={() => onRemove(rule.key)}
            />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface RuleRowProps {
  rule: Draft;
  onChange: (part: Partial<PolicyRule>) => void;
  onRemove: () => void;
}

function RuleRow({ rule, onChange, onRemove }: RuleRowProps) {
  const asks = rule.effect === 'ask';
  return (
    <Table.Tr>
      <Table.Td>
        <Autocomplete
          size="xs"
          aria-label={words.action}
          placeholder="tool:page_*"
          data={ACTIONS}
          value={rule.action}
          onChange={(action) => onChange({ action })}
        />
      </Table.Td>
      <Table.Td>
        <Select
          size="xs"
          aria-label={words.effect}
          allowDeselect={false}
          data={Object.entries(words.effects).map(([value, label]) => ({ value, label }))}
          value={rule.effect}
          onChange={(effect) => onChange({ effect: effect as PolicyRule['effect'] })}
        />
      </Table.Td>
      <Table.Td>
        <NumberInput
          size="xs"
          aria-label={words.deciders}
          min={1}
          max={5}
          disabled={!asks}
          value={rule.deciders}
          onChange={(deciders) => onChange({ deciders: Number(deciders) || 1 })}
        />
      </Table.Td>
      <Table.Td>
        <Select
          size="xs"
          aria-label={words.role}
          allowDeselect={false}
          disabled={!asks}
          data={Object.entries(words.roles).map(([value, label]) => ({ value, label }))}
          value={rule.deciderRole}
          onChange={(role) => onChange({ deciderRole: role as PolicyRule['deciderRole'] })}
        />
      </Table.Td>
      <Table.Td>
        <NumberInput
          size="xs"
          aria-label={words.deadline}
          placeholder="15"
          min={1}
          max={10080}
          disabled={!asks}
          value={rule.deadlineMinutes ?? ''}
          onChange={(minutes) => onChange({ deadlineMinutes: minutes === '' ? undefined : Number(minutes) })}
        />
      </Table.Td>
      <Table.Td>
        <Tooltip label={words.remove(rule.action)}>
          <ActionIcon variant="subtle" color="red" aria-label={words.remove(rule.action)} onClick={onRemove}>
            <Trash2 size={15} />
          </ActionIcon>
        </Tooltip>
      </Table.Td>
    </Table.Tr>
  );
}
