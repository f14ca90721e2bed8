/** Owns the shapes of pages, tasks and assignments. Must not know how they are fetched or shown. */

export interface Author {
  kind: 'user' | 'agent' | 'control_plane' | 'system';
  id: string;
  name: string;
}

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

export interface Project {
  id: string;
  name: string;
  description: string;
  agentAccessible?: boolean | null;
  isAgentAccessible: boolean;
  taskCounts: Partial<Record<TaskStatus, number>>;
  createdAt: string;
  updatedAt: string;
}

export interface ProjectChange {
  name?: string;
  description?: string;
  agentAccessible?: boolean | null;
}

/** A task as lists have it. */
export interface TaskSummary {
  id: string;
  number: number;
  title: string;
  status: TaskStatus;
  priority: Priority;
  bucket: Bucket;
  assignee?: Author | null;
  dueDate?: string | null;
  projectId?: string | null;
  agentAccessible?: boolean | null;
  isAgentAccessible: boolean;
  version: number;
  createdAt: string;
  createdBy: Author;
  updatedAt: string;
  updatedBy: Author;
  completedAt?: string | null;
}

export interface Task extends TaskSummary {
  description: string;
  pageIds: string[];
}

export interface NewTask {
  title: string;
  description?: string;
  status?: TaskStatus;
  priority?: Priority;
  bucket?: Bucket;
  assigneeId?: string;
  dueDate?: string;
  projectId?: string;
}

export interface TaskChange {
  title?: string;
  description?: string;
  status?: TaskStatus;
  priority?: Priority;
  bucket?: Bucket;
  assigneeId?: string | null;
  projectId?: string | null;
  dueDate?: string | null;
  agentAccessible?: boolean | null;
  version?: number;
}

export interface TaskMove {
  projectId?: string | null;
  before?: string;
  status?: TaskStatus;
}

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

export interface Assignment {
  id: string;
  agent: { id: string; name: string };
  title: string;
  instructions: string;
  pageIds: string[];
  taskIds: string[];
  deadline?: string | null;
  state: AssignmentState;
  progress?: number | null;
  summary?: string | null;
  /** Any JSON. */
  result?: unknown;
  /** Why it has ended otherwise than done. */
  reason?: string | null;
  assignedBy: Author;
  createdAt: string;
  deliveredAt?: string | null;
  updatedAt: string;
  endedAt?: string | null;
}

export interface NewAssignment {
  title: string;
  instructions: string;
  pageIds?: string[];
  taskIds?: string[];
  deadline?: string;
}
