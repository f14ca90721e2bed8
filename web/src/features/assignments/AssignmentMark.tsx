/** Owns the state of an assignment on screen. Must not know where it stands. */
import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CircleSlash,
  Inbox,
  LoaderCircle,
  type LucideIcon,
} from 'lucide-react';

import type { AssignmentState } from '../../api/knowledge';
import { Mark } from '../../parts/StatusMark';
import { texts } from '../../texts';
import { TONES } from './states';

const ICONS: Record<AssignmentState, LucideIcon> = {
  pending: CircleDashed,
  delivered: Inbox,
  working: LoaderCircle,
  blocked: CircleHelp,
  done: CircleCheck,
  failed: CircleAlert,
  cancelled: CircleSlash,
};

export function AssignmentMark({ state }: { state: AssignmentState }) {
  const { states, statesAbout } = texts.work;
  return <Mark icon={ICONS[state]} word={states[state]} tone={TONES[state]} hover={statesAbout[state]} />;
}
