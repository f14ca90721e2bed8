/** Owns deciding: which request is being approved, rejected or refused. Must not know how requests are shown. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { approve, reject } from '../../api/client';
import { keys } from '../../api/queries';
import type { Approval } from '../../api/shapes';

/** A reason rejects; none approves. */
interface Decision {
  approval: Approval;
  reason?: string;
}

/** Says whether A and R decide where the requests stand. */
export function useDecisions(how: 'with keys' | 'by hand' = 'by hand') {
  const cache = useQueryClient();
  const [rejecting, setRejecting] = useState<string | null>(null);
  const deciding = useMutation({
    mutationFn: ({ approval, reason }: Decision) =>
      reason === undefined ? approve(approval.id) : reject(approval.id, reason),
    onSuccess: () => setRejecting(null),
    // Who was too late sees what was decided.
    onSettled: () => cache.invalidateQueries({ queryKey: keys.approvals }),
  });
  const isOf = (approval: Approval) => deciding.variables?.approval.id === approval.id;
  return {
    approve: (approval: Approval) => deciding.mutate({ approval }),
    reject: (approval: Approval, reason: string) => deciding.mutate({ approval, reason }),
    /** The request for which a reason is being written. */
    rejecting,
    setRejecting,
    isDeciding: (approval: Approval) => deciding.isPending && isOf(approval),
    errorOf: (approval: Approval) => (isOf(approval) ? deciding.error : null),
    hasKeys: how === 'with keys',
    /** What was decided last, here. */
    last: deciding.isSuccess ? deciding.variables : null,
  };
}

export type Decisions = ReturnType<typeof useDecisions>;
