/**
 * What each row of the page means, for its reader.
 *
 * Owns the words. Must not know results.
 */
import { SIZE } from './corpus.mjs';

export const MEANINGS = `
All terminals are ${SIZE.cols} by ${SIZE.rows}. The corpus is made by a program that makes the same bytes every time: logs, boxes
redrawn in place as synchronized frames, paints of the alternate screen, spinners, CJK and emoji; a program in the terminal
prints it with \`cat\`: 64 MiB for Raven, 32 for the others, 16 for tmux. Each product's viewers speak its own protocol: Raven's and the gateway's with the official Socket.IO
client, Raven's as bytes and the gateway's as text. CPU seconds are those of all processes of a product as the kernel counts
them, per GiB that the program put out; the program, the client and the kernel's own threads are left out.

- **1 viewer, 10 viewers**: from the line that starts the flood to the end's arrival at the slowest viewer. A viewer that was
  shown only a part of the output counts with that part. For the gateway also until the last row was in its audit.
- **Echo**: a key typed by the viewer, sent back by a program that does nothing else, seen by the viewer; the client's own
  time is in it. While another session floods, that one's viewer is in another process.
- **Idle**: what belongs to a product's processes alone, with one session and its viewer, and for each of 40 more after another
  40, so that what grows once does not count; then the CPU of all of them. The processes of the programs in the terminals are left out; Raven's hosts, one for each terminal, are in.
- **Stuck viewer**: one of two viewers stops reading during three floods. Growth is how far heap and stacks
  rose above their highest while both read. The other viewer's pace is compared with its pace when both read.
- **Late join**: what a second viewer sees, against one that was there from the start, both shown by xterm.js: every cell with
  its colours and attributes, the cursor, and which screen. \`short\`: a log line and boxes; \`small\`: a paint and 3,000 small updates;
  \`updates\`: a paint and 4 MiB of updates; \`vim\` after a search, an edit and a selection; \`less\` after 20 MiB of log.
- **Recording**: a flood as it was recorded against the file's bytes; its lag is the age of the oldest output that a viewer
  had seen and that was not yet durable, asked every 10 ms.
- **Knowledge base**: 10,000 pages in a tree, 10,000 tasks, words as unevenly spread as in texts; one caller, who asks one
  question after the other over HTTP, with other words each time. An agent finds only what is open to it.
- **Spawn**: from the request to the program's first output at a viewer whose connection is open already.

The peers: a Node gateway of the usual design (node-pty, \`ws\`, Socket.IO, one audit row for each chunk, the newest 1,000 rows for
who comes late), the same without audit, terminado, wetty (each viewer has a program of its own), and tmux attached through a
PTY, which skips what need not be seen.
`;
