/** Owns the fields of an assignment, wherever one is given. Must not know how it is sent. */
import { Textarea, TextInput } from '@mantine/core';

import { texts } from '../texts';
import type { WorkErrors, WorkForm } from './assignmentForm';
import { ReferencePicker } from './ReferencePicker';

const words = texts.work.fields;

interface AssignmentFieldsProps {
  form: WorkForm;
  errors: WorkErrors;
  hasFocus?: true;
  onChange: (part: Partial<WorkForm>) => void;
}

export function AssignmentFields({ form, errors, hasFocus, onChange }: AssignmentFieldsProps) {
  return (
    <>
      <TextInput
        label={words.title}
        data-autofocus={hasFocus}
        value={form.title}
        error={errors.title}
        onChange={(event) => onChange({ title: event.currentTarget.value })}
      />
      <Textarea
        label={words.instructions}
        autosize
        minRows={3}
        maxRows={12}
        value={form.instructions}
        error={errors.instructions}
        onChange={(event) => onChange({ instructions: event.currentTarget.value })}
      />
      <ReferencePicker
        value={form.references}
        error={errors.pageIds ?? errors.taskIds}
        onChange={(references) => onChange({ references })}
      />
      <TextInput
        label={words.deadline}
        type="datetime-local"
        w="fit-content"
        value={form.deadline}
        error={errors.deadline}
        onChange={(event) => onChange({ deadline: event.currentTarget.value })}
      />
    </>
  );
}
