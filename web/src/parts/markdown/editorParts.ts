/** Owns what the Markdown editor is made of: look, completions, files put into it. Must not know React. */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  type CompletionSource,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { markdown, markdownKeymap, markdownLanguage } from '@codemirror/lang-markdown';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Extension, Prec } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';

import type { Mentionable, Suggestion } from '../../api/knowledge';
import { linkText, mentionText } from './links';

/** Whom and what a text can name. */
export interface Sources {
  people: (query: string) => Promise<Mentionable[]>;
  pages: (query: string) => Promise<Suggestion[]>;
}

export interface EditorOptions {
  label: string;
  placeholder?: string;
  sources: Sources;
  onChange: (text: string) => void;
  onSave?: () => void;
  onFiles?: (view: EditorView, files: File[]) => void;
}

export function extensions(options: EditorOptions): Extension[] {
  const { onSave, onFiles } = options;
  const save = () => {
    onSave?.();
    return onSave !== undefined;
  };
  return [
    history(),
    markdown({ base: markdownLanguage }),
    syntaxHighlighting(MARKS),
    EditorView.lineWrapping,
    LOOK,
    autocompletion({ override: [mentions(options.sources), pageLinks(options.sources)], icons: false }),
    Prec.high(
      keymap.of([
        { key: 'Mod-Enter', run: save },
        { key: 'Mod-s', run: save, preventDefault: true },
      ]),
    ),
    // Tab is left to the browser: whoever works by keyboard must come out again.
    keymap.of([...markdownKeymap, ...defaultKeymap, ...historyKeymap]),
    placeholder(options.placeholder ?? ''),
    EditorView.contentAttributes.of({
      'aria-label': options.label,
      'aria-multiline': 'true',
      spellcheck: 'true',
      autocapitalize: 'sentences',
    }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) options.onChange(update.state.doc.toString());
    }),
    onFiles ? filesInto(onFiles) : [],
  ];
}

const LOOK = EditorView.theme({
  '&': { fontSize: '0.875rem', color: 'var(--mantine-color-text)', backgroundColor: 'transparent' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.6', overflow: 'auto' },
  '.cm-content': { padding: '10px 0', caretColor: 'var(--mantine-color-text)' },
  '.cm-line': { padding: '0 12px' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-placeholder': { color: 'var(--mantine-color-placeholder)' },
  '.cm-tooltip': {
    border: '1px solid var(--raven-line)',
    borderRadius: '6px',
    backgroundColor: 'var(--raven-surface)',
    color: 'var(--mantine-color-text)',
    boxShadow: 'var(--mantine-shadow-md)',
    overflow: 'hidden',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: 'var(--mantine-font-family)',
    fontSize: '0.8125rem',
    maxHeight: '14rem',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '5px 10px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--raven-active)',
    color: 'var(--raven-active-text)',
  },
  '.cm-completionDetail': { color: 'var(--mantine-color-dimmed)', fontStyle: 'normal' },
});

const MARKS = HighlightStyle.define([
  { tag: tags.heading, fontWeight: '600' },
  { tag: tags.strong, fontWeight: '700' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: tags.strikethrough, textDecoration: 'line-through' },
  { tag: [tags.link, tags.url], color: 'var(--raven-working)' },
  { tag: tags.monospace, color: 'var(--raven-good)' },
  { tag: [tags.processingInstruction, tags.quote], color: 'var(--mantine-color-dimmed)' },
]);

/** `@` and a name. */
function mentions({ people }: Sources): CompletionSource {
  return (context) =>
    named(context, /(?:^|(?<=[\s(>]))@[\p{L}\p{N}._ -]{0,40}$/u, 1, async (query) =>
      (await people(query)).map((who) => ({
        label: who.name,
        detail: who.kind,
        apply: `${mentionText(who)} `,
      })),
    );
}

/** `[[` and words of a title. */
function pageLinks({ pages }: Sources): CompletionSource {
  return (context) =>
    named(context, /\[\[[^\]\n]{0,60}$/, 2, async (query) =>
      query === ''
        ? []
        : (await pages(query))
            .filter(({ kind }) => kind !== 'comment')
            .map(({ kind, id, title }) => ({
              label: title,
              detail: kind,
              apply: linkText(title, kind === 'page' ? `/pages/${id}` : `/tasks/${id}`),
            })),
    );
}

async function named(
  context: CompletionContext,
  pattern: RegExp,
  mark: number,
  ask: (query: string) => Promise<Completion[]>,
): Promise<CompletionResult | null> {
  const found = context.matchBefore(pattern);
  if (!found) return null;
  const options = await ask(found.text.slice(mark)).catch(() => []);
  // The server has chosen: it forgives what a filter by letters would not.
  return context.aborted || options.length === 0 ? null : { from: found.from, options, filter: false };
}

/** Files that are pasted or dropped. */
function filesInto(onFiles: (view: EditorView, files: File[]) => void): Extension {
  const take = (event: Event, data: DataTransfer | null, view: EditorView) => {
    const files = [...(data?.files ?? [])];
    if (files.length === 0) return false;
    event.preventDefault();
    onFiles(view, files);
    return true;
  };
  return EditorView.domEventHandlers({
    paste: (event, view) => take(event, event.clipboardData, view),
    drop: (event, view) => take(event, event.dataTransfer, view),
  });
}
