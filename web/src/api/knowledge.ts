/** Owns the shapes of pages, tasks and assignments. Must not know how they are fetched or shown. */

import type { components } from './schema';

type Schemas = components['schemas'];

/** Who did something, or shall do it. */
export type Author = Schemas['AuditActor'];

export interface Paged<Item> {
  items: Item[];
  nextCursor?: string | null;
}

export interface Space {
  id: string;
  name: string;
  slug: string;
  pageCount: number;
  createdAt: string;
  updatedAt: string;
}

export interface PageSummary {
  id: string;
  spaceId: string;
  parentId?: string | null;
  title: string;
  slug: string;
  hasChildren: boolean;
  agentAccessible: boolean;
  isAgentAccessible: boolean;
  version: number;
  updatedAt: string;
  updatedBy: Author;
}

export interface Crumb {
  id: string;
  title: string;
}

export interface Page extends PageSummary {
  content: string;
  createdAt: string;
  createdBy: Author;
  breadcrumbs: Crumb[];
}

/** A page in the trash. */
export interface TrashedPage extends PageSummary {
  deletedAt?: string | null;
}

export interface NewPage {
  spaceId: string;
  title: string;
  content?: string;
  parentId?: string;
}

export interface PageChange {
  title?: string;
  content?: string;
  agentAccessible?: boolean;
  version?: number;
}

export interface PageMove {
  parentId?: string | null;
  spaceId?: string;
  before?: string;
}

export interface PageVersion {
  id: string;
  version: number;
  title: string;
  savedAt: string;
  savedBy: Author;
}

export interface PageVersionDetail extends PageVersion {
  content: string;
  /** To the one before. */
  difference: string;
}

export interface Attachment {
  id: string;
  name: string;
  contentType: string;
  size: number;
  url: string;
}

export interface Comment {
  id: string;
  pageId?: string | null;
  taskId?: string | null;
  content: string;
  author: Author;
  replyTo?: string | null;
  resolvedAt?: string | null;
  resolvedBy?: Author | null;
  createdAt: string;
}

/** What comments are about. */
export type Subject = { pageId: string } | { taskId: string };

export type FoundKind = 'page' | 'task' | 'comment';

export interface Found {
  kind: FoundKind;
  id: string;
  title: string;
  /** Plain text; matches stand between ⟦ and ⟧. */
  snippet: string;
  spaceId?: string | null;
  projectId?: string | null;
  pageId?: string | null;
  taskId?: string | null;
  updatedAt: string;
}

export interface Suggestion {
  kind: FoundKind;
  id: string;
  title: string;
}

export interface Mentionable {
  kind: 'user' | 'agent';
  id: string;
  name: string;
}

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
