/** Owns searching what a terminal shows. Must not know where its lines come from. */
import { ActionIcon, TextInput } from '@mantine/core';
import type { SearchAddon } from '@xterm/addon-search';
import { ArrowDown, ArrowUp, X } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';

import { texts } from '../../texts';
import classes from './terminal.module.css';

const words = texts.terminal.search;

export function SearchBox({ search, onClose }: { search: SearchAddon; onClose: () => void }) {
  const [term, setTerm] = useState('');
  const [isFound, setIsFound] = useState(true);
  const find = (way: 'findNext' | 'findPrevious', text = term, incremental = false) =>
    setIsFound(text === '' || search[way](text, { incremental }));
  const close = () => {
    search.clearDecorations();
    onClose();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') close();
    if (event.key === 'Enter') find(event.shiftKey ? 'findNext' : 'findPrevious');
  };
  return (
    <div className={classes.search} role="search">
      <TextInput
        size="xs"
        autoFocus
        aria-label={words.label}
        placeholder={words.label}
        value={term}
        error={!isFound}
        onKeyDown={onKey}
        onChange={(event) => {
          setTerm(event.currentTarget.value);
          find('findPrevious', event.currentTarget.value, true);
        }}
      />
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={words.previous}
        onClick={() => find('findPrevious')}
      >
        <ArrowUp size={15} />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label={words.next} onClick={() => find('findNext')}>
        <ArrowDown size={15} />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label={words.close} onClick={close}>
        <X size={15} />
      </ActionIcon>
    </div>
  );
}
