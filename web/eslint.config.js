/** Owns the lint rules: what a file may import, and how long it may get. Must not know what the code does. */
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const FEATURES = [
  'auth',
  'agents',
  'terminal',
  'recordings',
  'activity',
  'settings',
  'pages',
  'tasks',
  'comments',
  'search',
  'assignments',
];

/** A feature never imports another: `app` composes them. */
const separation = FEATURES.map((feature) => ({
  files: [`src/features/${feature}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: FEATURES.filter((other) => other !== feature).map((other) => `**/${other}/*`),
            message: 'features never import each other; compose them in src/app',
          },
          { group: ['**/app/*'], message: 'a feature does not know the shell it runs in' },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'test-results', 'playwright-report', 'src/api/schema.d.ts'] },
  ...tseslint.configs.recommended,
  reactHooks.configs.flat.recommended,
  {
    rules: {
      'max-lines': ['error', 600],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
      'no-console': 'error',
    },
  },
  { files: ['tests/**', 'src/**/*.test.ts'], rules: { 'max-lines-per-function': 'off' } },
  ...separation,
);
