/** Owns putting a file into a text while it is sent: a mark where it will stand, then the file or nothing. Must not know React. */
import type { EditorView } from '@codemirror/view';

import type { Attachment } from '../../api/knowledge';
import { texts } from '../../texts';
import { linkText } from './links';

let count = 0;

/** Resolves when the file stands in the text; the mark is gone then, also when sending failed. */
export async function putFile(
  view: EditorView,
  file: File,
  send: (file: File) => Promise<Attachment>,
): Promise<void> {
  count += 1;
  const mark = `![${texts.editor.uploading(file.name)} ${count}]()`;
  const { from, to } = view.state.selection.main;
  view.dispatch({ changes: { from, to, insert: mark }, selection: { anchor: from + mark.length } });
  try {
    replace(view, mark, shown(await send(file)));
  } catch (thrown) {
    replace(view, mark, '');
    throw thrown;
  }
}

/** How a text shows an attachment: as an image, or as a link. */
export function shown({ name, contentType, url }: Attachment): string {
  return `${/^image\/(?:png|jpeg|gif|webp)$/.test(contentType) ? '!' : ''}${linkText(name, url)}`;
}

/** What was typed meanwhile may have moved the mark, or taken it away. */
function replace(view: EditorView, mark: string, by: string): void {
  const from = view.state.doc.toString().indexOf(mark);
  if (from >= 0) view.dispatch({ changes: { from, to: from + mark.length, insert: by } });
}
