/**
 * Why a bar is missed, by its id, as far as it is known: shown beside the bar while it is missed.
 *
 * Owns the explanations, each found by looking and not by guessing. Must not know figures.
 */
const HOST =
  "By `perf`, two thirds of a host are the kernel handing over a terminal 4 KiB a read; its screen model is most of the rest. " +
  "In the control plane, a third is compressing the recording. All of it shares the processors with the program and the client.";

const WAKE_UPS =
  "A key wakes five processes in a row and its echo the same again, on two processors that the program and the client share. ";
const FLOOD =
  `${WAKE_UPS}The flood keeps both busy, and each of them waits for its turn. Runs on one day gave 10.8 to 15.8 ms at p99; not ` +
  "profiled further.";

export const CAUSES = {
  "echo-p50": `${WAKE_UPS}Runs on one day gave 0.46 to 0.57 ms; where the time goes was not profiled.`,
  "echo-flood-p99": FLOOD,
  "echo-flood-max": FLOOD,
  "pace-raw": HOST,
  "pace-gateway":
    `${HOST} The gateway is compared by what it shows, which is not in its audit until long after: ` +
    "until it is durable is the row below.",
  cpu: HOST,
  "ten-pace":
    "Ten viewers in one client, the program, the kernel and three processes of ours share the processors.",
  "idle-control plane":
    "By the allocations that stay: the WebSocket to the runtime with its buffers (about 16 KiB), the Socket.IO connection with " +
    "its queues and its request (about 30 KiB), the tasks of session and link, and what the allocator does not give back.",
  "idle-cpu":
    "Every 5 s each connection's credentials are looked up again, in the database, because another process may have ended them.",
  growth:
    "The Socket.IO library holds up to 40 messages of 16 KiB for a client, besides our own queue of 384 KiB: 1 MiB. The rest " +
    "comes with the flood and not with the viewer: the recording's queue, batch and part, up to 12 MiB, and what the allocator keeps.",
  bytes:
    "On the dashboards of `small` and `updates`, nearly every word has colours and attributes of its own.",
};
