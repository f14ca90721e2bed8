/** Owns the state of a recording on screen. Must not know where it stands. */
import { CircleAlert, CircleCheck, CircleDot, CircleOff, type LucideIcon } from 'lucide-react';

import type { Recording } from '../../api/shapes';
import type { Tone } from '../../parts/states';
import { Mark } from '../../parts/StatusMark';
import { texts } from '../../texts';

const LOOKS: Record<Recording['state'], { icon: LucideIcon; tone: Tone }> = {
  recording: { icon: CircleDot, tone: 'working' },
  complete: { icon: CircleCheck, tone: 'good' },
  incomplete: { icon: CircleAlert, tone: 'attention' },
  expired: { icon: CircleOff, tone: 'quiet' },
};

export function RecordingMark({
  state,
  isFocusable = true,
}: {
  state: Recording['state'];
  isFocusable?: boolean;
}) {
  const { icon, tone } = LOOKS[state];
  const hover = isFocusable ? texts.recordings.statesAbout[state] : null;
  return <Mark icon={icon} word={texts.recordings.states[state]} tone={tone} hover={hover} />;
}
