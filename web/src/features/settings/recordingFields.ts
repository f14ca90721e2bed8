/** Owns what the form of recording settings holds, and what of it is sent. Must not know components. */
import type { AgentSettings, SettingsChange } from '../../api/shapes';

/** The part of the settings that the form is about. */
export type RecordingSettings = Pick<AgentSettings, 'recordInput' | 'recordingRetentionDays'>;

// What the server takes.
const DAYS = { min: 1, max: 3650 };

export interface RecordingFields {
  recordInput: RecordingSettings['recordInput'];
  /** As typed; empty keeps recordings for good. */
  days: number | string;
}

export function fieldsOf(settings: RecordingSettings): RecordingFields {
  return { recordInput: settings.recordInput, days: settings.recordingRetentionDays ?? '' };
}

export function isValidDays(days: number | string): boolean {
  if (days === '') return true;
  const count = Number(days);
  return Number.isInteger(count) && count >= DAYS.min && count <= DAYS.max;
}

/** Only what differs from what is stored. */
export function changesOf(settings: RecordingSettings, form: RecordingFields): SettingsChange {
  const change: SettingsChange = {};
  if (form.recordInput !== settings.recordInput) change.recordInput = form.recordInput;
  const days = form.days === '' ? null : Number(form.days);
  if (days !== (settings.recordingRetentionDays ?? null)) change.recordingRetentionDays = days;
  return change;
}
