/** Owns what of an agent's own requests and questions waits for people, where its work is shown. Must not know the page. */
import { useQuery } from '@tanstack/react-query';

import { queueQuery } from '../../api/queries';
import { texts } from '../../texts';
import { ApprovalCard } from './ApprovalCard';
import { QuestionCard } from './QuestionCard';
import classes from './approvals.module.css';
import { keyOf, nameOf } from './queueItems';
import { useDecisions } from './useDecisions';

/** What its program asks stands beside it already. */
export function WaitingCards({ agentId }: { agentId: string }) {
  const queue = useQuery(queueQuery(agentId));
  const decisions = useDecisions();
  const items = (queue.data?.items ?? []).filter((item) => item.kind !== 'prompt');
  if (items.length === 0) return null;
  return (
    <div className={classes.strip} role="group" aria-label={texts.approvals.title}>
      {items.map((item) => (
        <section key={keyOf(item)} className={classes.item} aria-label={nameOf(item)}>
          {item.kind === 'approval' && <ApprovalCard seen={item} decisions={decisions} />}
          {item.kind === 'question' && <QuestionCard question={item} />}
        </section>
      ))}
    </div>
  );
}
