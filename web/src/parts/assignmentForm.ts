/** Owns what the form of an assignment holds, what is wrong with it, and the request it becomes. Must not know components. */
import type { NewAssignment } from '../api/knowledge';
import { texts } from '../texts';
import type { Reference } from './ReferencePicker';

export interface WorkForm {
  title: string;
  instructions: string;
  references: readonly Reference[];
  /** As the field holds it: local time, to the minute. */
  deadline: string;
}

export const EMPTY_WORK: WorkForm = { title: '', instructions: '', references: [], deadline: '' };
/** Fields a refusal may name, as the server spells them. */
export const WORK_FIELDS = ['title', 'instructions', 'deadline', 'pageIds', 'taskIds'] as const;
export type WorkErrors = Partial<Record<(typeof WORK_FIELDS)[number], string>>;

const words = texts.work.spawn;

/** Nothing was typed: there is no assignment. */
export function isNoWork({ title, instructions, references, deadline }: WorkForm): boolean {
  return title.trim() === '' && instructions.trim() === '' && references.length === 0 && deadline === '';
}

/** What is wrong with a form that somebody has begun to fill in. */
export function workErrors(form: WorkForm): WorkErrors {
  if (isNoWork(form)) return {};
  const errors: WorkErrors = {};
  if (form.title.trim() === '') errors.title = words.needsTitle;
  if (form.instructions.trim() === '') errors.instructions = words.invalid;
  return errors;
}

/** Whether it can be sent. */
export function isWhole(form: WorkForm): boolean {
  return form.title.trim() !== '' && form.instructions.trim() !== '';
}

export function toAssignment(form: WorkForm): NewAssignment {
  const ids = (kind: Reference['kind']) =>
    form.references.filter((one) => one.kind === kind).map(({ id }) => id);
  const assignment: NewAssignment = { title: form.title.trim(), instructions: form.instructions.trim() };
  const [pageIds, taskIds] = [ids('page'), ids('task')];
  if (pageIds.length > 0) assignment.pageIds = pageIds;
  if (taskIds.length > 0) assignment.taskIds = taskIds;
  if (form.deadline) assignment.deadline = new Date(form.deadline).toISOString();
  return assignment;
}
