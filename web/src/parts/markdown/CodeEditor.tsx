/** Owns CodeMirror as a React component. Must not know whose text it edits, nor what is done with it. */
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useRef } from 'react';

import type { Attachment } from '../../api/knowledge';
import { mentionsQuery, suggestQuery } from '../../api/pages';
import { extensions } from './editorParts';
import classes from './markdown.module.css';
import { putFile } from './uploads';

export interface CodeEditorProps {
  /** What it begins with; another beginning is another editor, by its `key`. */
  initial: string;
  label: string;
  placeholder?: string;
  size?: 'full' | 'small';
  hasFocus?: true;
  onChange: (text: string) => void;
  onSave?: () => void;
  /** How a file is sent; without it no files are taken. */
  send?: (file: File) => Promise<Attachment>;
  onSendFailed?: (file: File, thrown: unknown) => void;
}

export default function CodeEditor(props: CodeEditorProps) {
  const { initial, label, size = 'full', hasFocus, send } = props;
  const place = useRef<HTMLDivElement>(null);
  const cache = useQueryClient();
  const onChange = useEffectEvent(props.onChange);
  const onSave = useEffectEvent(() => props.onSave?.());
  const onFiles = useEffectEvent((view: EditorView, files: File[]) => {
    for (const file of files) {
      if (send) putFile(view, file, send).catch((thrown) => props.onSendFailed?.(file, thrown));
    }
  });
  const begin = useEffectEvent((parent: HTMLElement) => {
    const sources = {
      people: async (q: string) => (await cache.fetchQuery(mentionsQuery(q))).items,
      pages: async (q: string) => (await cache.fetchQuery(suggestQuery(q))).items,
    };
    const options = {
      label,
      placeholder: props.placeholder,
      sources,
      onChange: (text: string) => onChange(text),
      onSave: props.onSave && (() => onSave()),
      onFiles: send && ((into: EditorView, files: File[]) => onFiles(into, files)),
    };
    const state = EditorState.create({ doc: initial, extensions: extensions(options) });
    return new EditorView({ parent, state });
  });
  useEffect(() => {
    if (!place.current) return;
    const view = begin(place.current);
    if (hasFocus) view.focus();
    return () => view.destroy();
  }, [hasFocus]);
  return <div ref={place} className={`${classes.editor} ${classes[size]}`} />;
}
