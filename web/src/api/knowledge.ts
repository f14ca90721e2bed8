/** Owns short names for the shapes of pages, tasks and assignments. Must not know how they are fetched or shown. */

import type { components } from './schema';

type Schemas = components['schemas'];

/** Who did something, or shall do it. */
export type Author = Schemas['AuditActor'];

export type Space = Schemas['Space'];

export type PageSummary = Schemas['PageSummary'];
export type Page = Schemas['WikiPage'];
export type TrashedPage = Schemas['TrashedPage'];
/** A page above another one. */
export type Crumb = Schemas['Breadcrumb'];
export type NewPage = Schemas['NewPage'];
export type PageChange = Schemas['PageChange'];
export type PageMove = Schemas['PageMove'];
export type PageVersion = Schemas['PageVersion'];
export type Attachment = Schemas['Attachment'];

export type Comment = Schemas['Comment'];
export type NewComment = Schemas['NewComment'];
/** What comments are about. */
export type Subject = { pageId: string } | { taskId: string };

export type FoundKind = 'page' | 'task' | 'comment';
export type Found = Schemas['SearchHit'];
export type Suggestion = Schemas['Suggestion'];
export type Mentionable = Schemas['Mentionable'];

export const STATUSES = ['todo', 'in_progress', 'blocked', 'done', 'cancelled'] as const;
export type TaskStatus = (typeof STATUSES)[number];
export const PRIORITIES = ['low', 'medium', 'high', 'urgent'] as const;
export type Priority = (typeof PRIORITIES)[number];
export const BUCKETS = ['now', 'next', 'later', 'none'] as const;
export type Bucket = (typeof BUCKETS)[number];

export type Project = Schemas['Project'];
export type NewProject = Schemas['NewProject'];
export type ProjectChange = Schemas['ProjectChange'];

/** A task as lists have it. */
export type TaskSummary = Schemas['TaskSummary'];
export type Task = Schemas['Task'];
export type NewTask = Schemas['NewTask'];
export type TaskChange = Schemas['TaskChange'];
export type TaskMove = Schemas['TaskMove'];

export const ASSIGNMENT_STATES = [
  'pending',
  'delivered',
  'working',
  'blocked',
  'done',
  'failed',
  'cancelled',
] as const;
export type AssignmentState = (typeof ASSIGNMENT_STATES)[number];
export type Assignment = Schemas['Assignment'];
export type NewAssignment = Schemas['NewAssignment'];
