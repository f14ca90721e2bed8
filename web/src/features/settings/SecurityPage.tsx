/** Owns Settings → Security: what guards one's own account, on one page. Must not know how each part works. */
import { ConnectionsPart } from './ConnectionsPart';
import { PasswordPart } from './PasswordPart';
import { SecondFactorPart } from './SecondFactorPart';
import { SessionsPart } from './SessionsPart';

export function SecurityPage() {
  return (
    <>
      <PasswordPart />
      <SecondFactorPart />
      <ConnectionsPart />
      <SessionsPart />
    </>
  );
}
