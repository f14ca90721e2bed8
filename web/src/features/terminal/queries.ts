/** Owns keeping this emulator silent: the session host is the one terminal that answers. Must not know links. */
import type { IDisposable, IFunctionIdentifier, Terminal } from '@xterm/xterm';

/** CSI sequences whose only effect is an answer. */
const CSI_QUERIES: IFunctionIdentifier[] = [
  { final: 'c' }, // DA1
  { prefix: '>', final: 'c' }, // DA2
  { prefix: '=', final: 'c' }, // DA3
  { final: 'n' }, // DSR: status, cursor position
  { prefix: '?', final: 'n' }, // DECXCPR, colour scheme
  { intermediates: '$', final: 'p' }, // DECRQM, ANSI
  { prefix: '?', intermediates: '$', final: 'p' }, // DECRQM, private
  { prefix: '>', final: 'q' }, // XTVERSION
  { prefix: '?', final: 'u' }, // kitty keyboard
  { final: 't' }, // window reports
  { final: 'x' }, // DECREQTPARM
  { intermediates: '*', final: 'y' }, // DECRQCRA
];

const DCS_QUERIES: IFunctionIdentifier[] = [
  { intermediates: '$', final: 'q' }, // DECRQSS
  { intermediates: '+', final: 'q' }, // XTGETTCAP
];

// Colours (4, 5, 10 to 19) answer when they carry a `?`; 52 reads the clipboard in the same way.
const OSC_QUERIES = [4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 52];

/** Registers handlers that swallow every query; what they let through still has its effect. */
export function swallowQueries(terminal: Pick<Terminal, 'parser'>): IDisposable {
  const { parser } = terminal;
  const registered = [
    ...CSI_QUERIES.map((id) => parser.registerCsiHandler(id, () => true)),
    ...DCS_QUERIES.map((id) => parser.registerDcsHandler(id, () => true)),
    ...OSC_QUERIES.map((code) =>
      parser.registerOscHandler(code, (payload) => payload.split(';').includes('?')),
    ),
    parser.registerEscHandler({ final: 'Z' }, () => true), // DECID
  ];
  return { dispose: () => registered.forEach((handler) => handler.dispose()) };
}
