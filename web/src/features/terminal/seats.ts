/** Owns what one may do about the right to type: derived from who is here and who types. Must not know the wire. */

/** Somebody attached to the session; `seat` tells two windows of one person apart. */
export interface Viewer {
  id: string;
  name: string;
  role: 'writer' | 'viewer';
  seat: number;
  /** Has asked for control and waits. */
  wants: boolean;
  /** Could be handed the seat. */
  mayWrite: boolean;
  /** Came by a read-only link, without an account. */
  guest: boolean;
}

export interface Writer {
  user: { id: string; name: string } | null;
  you: boolean;
  seat: number | null;
  /** Has not typed for a while, so that anybody with the right may take the seat. */
  idle: boolean;
}

/** What I am in this session; told when one attaches. */
export interface Me {
  seat: number | null;
  mayWrite: boolean;
  mayTake: boolean;
}

/** An offer to somebody who does not type. */
export type Offer = 'take' | 'ask' | 'cancel';

export type Standing =
  | { is: 'writing' }
  | { is: 'free'; offers: Offer[] }
  | {
      is: 'watching';
      writer: { id: string; name: string };
      /** I am the writer, in another window. */
      isMine: boolean;
      isIdle: boolean;
      offers: Offer[];
    };

export function standingOf(me: Me, writer: Writer, viewers: readonly Viewer[]): Standing {
  if (writer.you) return { is: 'writing' };
  if (!writer.user) return { is: 'free', offers: me.mayWrite ? ['take'] : [] };
  const mine = viewers.find((viewer) => viewer.seat === me.seat);
  const isMine = mine?.id === writer.user.id;
  return {
    is: 'watching',
    writer: writer.user,
    isMine,
    isIdle: writer.idle,
    offers: offersOf(me, writer.idle || isMine, mine?.wants ?? false),
  };
}

/** @param isOpen whoever may write gets the seat at once: its writer is idle, or I am, in another window. */
function offersOf(me: Me, isOpen: boolean, isWaiting: boolean): Offer[] {
  if (!me.mayWrite) return [];
  if (isWaiting) return me.mayTake || isOpen ? ['cancel', 'take'] : ['cancel'];
  if (isOpen) return ['take'];
  // An admin may take what others must ask for; asking is offered too, since it is the kinder way.
  return me.mayTake ? ['ask', 'take'] : ['ask'];
}

/** What a change of the writer is to me: nothing moved, the seat is gone from under me, or something else. */
export function changeOf(before: Writer, after: Writer, isGivingUp: boolean): 'none' | 'lost' | 'other' {
  const wasMine = before.you;
  // Only that the writer has gone idle, or is back.
  if (before.seat === after.seat && wasMine === after.you) return 'none';
  return wasMine && !after.you && !isGivingUp ? 'lost' : 'other';
}

/** Those who wait for me to hand over, in the order they asked; none while somebody else types. */
export function requestsFor(me: Me, writer: Writer, viewers: readonly Viewer[]): Viewer[] {
  return writer.you ? viewers.filter((viewer) => viewer.wants && viewer.seat !== me.seat) : [];
}

/** Whether I could hand the seat to this viewer. */
export function mayHandTo(me: Me, writer: Writer, viewer: Viewer): boolean {
  const mayGive = writer.you || (me.mayTake && viewer.wants);
  return mayGive && viewer.mayWrite && viewer.role === 'viewer' && viewer.seat !== me.seat;
}
