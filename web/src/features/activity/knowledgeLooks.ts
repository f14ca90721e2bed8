/** Owns how entries about pages, tasks and work look in the feed. Must not know the feed. */
import {
  BookMarked,
  CircleAlert,
  CircleCheck,
  CircleHelp,
  CircleSlash,
  ClipboardList,
  FilePen,
  FilePlus,
  FileX,
  FolderKanban,
  LockKeyhole,
  MessageSquare,
  NotebookText,
  Paperclip,
  RotateCcw,
  SquareCheckBig,
  type LucideIcon,
} from 'lucide-react';

import type { Tone } from '../../parts/states';

type Look = { icon: LucideIcon; tone: Tone };

const quiet = (icon: LucideIcon): Look => ({ icon, tone: 'quiet' });

export const knowledgeLooks = {
  space_created: quiet(NotebookText),
  space_changed: quiet(NotebookText),
  space_deleted: quiet(NotebookText),
  page_created: quiet(FilePlus),
  page_changed: quiet(FilePen),
  page_opened: quiet(LockKeyhole),
  page_closed: quiet(LockKeyhole),
  page_moved: quiet(FilePen),
  page_restored: quiet(RotateCcw),
  page_trashed: quiet(FileX),
  page_untrashed: quiet(RotateCcw),
  attachment_added: quiet(Paperclip),
  attachment_removed: quiet(Paperclip),
  comment_added: quiet(MessageSquare),
  comment_resolved: quiet(MessageSquare),
  comment_reopened: quiet(MessageSquare),
  comment_deleted: quiet(MessageSquare),
  project_created: quiet(FolderKanban),
  project_changed: quiet(FolderKanban),
  project_deleted: quiet(FolderKanban),
  task_created: quiet(SquareCheckBig),
  task_changed: quiet(SquareCheckBig),
  task_assigned: quiet(SquareCheckBig),
  task_completed: { icon: SquareCheckBig, tone: 'good' } satisfies Look,
  task_deleted: quiet(SquareCheckBig),
  memory_stored: quiet(BookMarked),
  assignment_given: quiet(ClipboardList),
  assignment_delivered: quiet(ClipboardList),
  assignment_working: { icon: ClipboardList, tone: 'working' } satisfies Look,
  assignment_blocked: { icon: CircleHelp, tone: 'attention' } satisfies Look,
  assignment_done: { icon: CircleCheck, tone: 'good' } satisfies Look,
  assignment_failed: { icon: CircleAlert, tone: 'failure' } satisfies Look,
  assignment_cancelled: quiet(CircleSlash),
  agent_logged: quiet(NotebookText),
  control_plane_unreached: { icon: CircleAlert, tone: 'failure' } satisfies Look,
};
