/** Owns which space is looked at: that of the open page, else the one chosen last. Must not know components. */
import { useState } from 'react';
import { useNavigate } from 'react-router';

import type { Space } from '../../api/knowledge';
import { recall, remember } from '../../parts/preferences';

const NAME = 'pages.space';

export function useChosenSpace(
  spaces: readonly Space[],
  ofPage: string | undefined,
): [Space | undefined, (id: string) => void] {
  const navigate = useNavigate();
  const [chosen, setChosen] = useState(() => recall<{ id: string }>(NAME)?.id);
  const wanted = ofPage ?? chosen;
  const choose = (id: string) => {
    remember(NAME, { id });
    setChosen(id);
    // Another space than that of the page one looks at: there is nothing of it to show yet.
    if (ofPage && ofPage !== id) void navigate('/pages');
  };
  return [spaces.find(({ id }) => id === wanted) ?? spaces[0], choose];
}
