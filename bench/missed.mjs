/**
 * Why a bar is missed, by its id, as far as it is known: shown beside the bar while it is missed.
 *
 * Owns the explanations, each found by looking and not by guessing. Must not know figures.
 */
const HOST =
  'By `perf`, two thirds of a host are the kernel handing over a terminal 4 KiB a read; its screen model is most of the rest. ' +
  'In the control plane, a third is compressing the recording. All of it shares the processors with the program and the client.';

export const CAUSES = {
  'pace-raw': HOST,
  'pace-gateway':
    `${HOST} The gateway is compared by what it shows, which is not in its audit until long after: ` +
    'until it is durable is the row below.',
  cpu: HOST,
  'ten-pace':
    'Ten viewers in one client, the program, the kernel and three processes of ours share the processors.',
  'idle-control plane':
    'By the allocations that stay: the WebSocket to the runtime with its buffers (about 16 KiB), the Socket.IO connection with ' +
    'its queues and its request (about 30 KiB), the tasks of session and link, and what the allocator does not give back.',
  'idle-cpu':
    "Every 5 s each connection's credentials are looked up again, in the database, because another process may have ended them.",
  growth:
    'The Socket.IO library holds up to 64 messages of at most 64 KiB each for a client, besides our own queue of 512 KiB. ' +
    'Its pings share those places and fail when all are taken, so that fewer would drop viewers that are only slow. ' +
    "The recording's own buffers, up to 16 MiB in a flood, make the figure uncertain.",
  bytes:
    'On the dashboards of `small` and `updates`, nearly every word has colours and attributes of its own.',
};
