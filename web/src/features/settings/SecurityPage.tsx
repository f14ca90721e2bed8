/** Owns Settings → Security: what guards one's own account, on one page. Must not know how each part works. */
import { PasswordPart } from './PasswordPart';
import { SecondFactorPart } from './SecondFactorPart';
import { SessionsPart } from './SessionsPart';

export function SecurityPage() {
  return (
    <>
      <PasswordPart />
      <SecondFactorPart />
      <SessionsPart />
    </>
  );
}
