/** Owns the texts of agents' access: permissions, requests, invites, revocation. Must not know components. */

/** How the feed calls what happens to it. */
export const accessKinds = {
  access_requested: 'Access requested',
  access_approved: 'Access approved',
  access_denied: 'Access denied',
  access_revoked: 'Access revoked',
  agent_registered: 'Agent registered',
  permissions_changed: 'Permissions changed',
  key_rotated: 'Key rotated',
  invite_created: 'Invite created',
  invite_revoked: 'Invite revoked',
};
