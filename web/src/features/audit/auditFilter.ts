/** Owns how the filters of the audit log stand in the address. Must not know components. */
import type { AuditFilter } from '../../api/client';
import type { AuditOutcome } from '../../api/shapes';
import { beginOf, endOf } from '../../parts/narrow';

export const OUTCOMES: readonly AuditOutcome[] = ['done', 'begun', 'refused', 'failed'];

export function filterOf(params: URLSearchParams): AuditFilter {
  const text = (name: string) => params.get(name) || undefined;
  return {
    action: text('area'),
    outcome: OUTCOMES.find((outcome) => outcome === params.get('outcome')),
    agentId: text('agent'),
    actorId: text('actor'),
    requestId: text('request'),
    since: beginOf(params.get('since')),
    until: endOf(params.get('until')),
  };
}
