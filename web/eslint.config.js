import { readdirSync } from 'node:fs'

import pluginVue from 'eslint-plugin-vue'
import tseslint from 'typescript-eslint'
import vueParser from 'vue-eslint-parser'

const features = readdirSync(new URL('./src/features', import.meta.url))

/** Forbid imports that point uphill: app → features → shared → strip|stream|scan|call → api. */
function downhill(name, files, forbidden) {
  return {
    name: `direction/${name}`,
    files,
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: forbidden.map(([group, message]) => ({ group, message })) },
      ],
    },
  }
}

const noVue = [['vue', 'vue-*', 'pinia', '@vue/*', '*.vue'], 'This room knows no Vue.']
const up = (...rooms) => [
  rooms.flatMap((room) => [`@/${room}/*`, `@/${room}`]),
  'Imports point downhill: app → features → shared → strip | stream | call → api.',
]

export default tseslint.config(
  { ignores: ['components.d.ts', 'src/api/schema.d.ts', 'node_modules/**', 'dist/**'] },
  ...tseslint.configs.strict,
  ...pluginVue.configs['flat/recommended'],
  {
    files: ['**/*.ts', '**/*.vue'],
    languageOptions: {
      parser: vueParser,
      parserOptions: { parser: tseslint.parser, sourceType: 'module', extraFileExtensions: ['.vue'] },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/max-lines-per-block': ['error', { template: 160, script: 160, style: 120 }],
      'max-lines': ['error', { max: 350, skipBlankLines: true }],
      'vue/multi-word-component-names': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/max-attributes-per-line': ['error', { singleline: 5, multiline: 1 }],
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': ['error', { html: { void: 'always' } }],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    name: 'waiting',
    files: ['src/**/*.test.ts', 'src/testing/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['waitFor', 'waitUntil'].map((property) => ({
          object: 'vi',
          property,
          message: "Gives up after a second: use testing-library's waitFor, whose limit src/testing/setup.ts sets.",
        })),
      ],
    },
  },
  { files: ['**/*.vue'], rules: { 'max-lines': ['error', { max: 200 }] } },
  downhill('api', ['src/api/**'], [noVue, up('app', 'features', 'shared', 'strip', 'stream', 'call')]),
  downhill('stream', ['src/stream/**'], [noVue, up('app', 'features', 'shared', 'strip', 'call')]),
  downhill('strip', ['src/strip/**/*.ts'], [noVue, up('app', 'features', 'shared', 'stream', 'call')]),
  downhill('scan', ['src/scan/**/*.ts'], [noVue, up('app', 'features', 'shared', 'stream', 'strip', 'call')]),
  downhill('call', ['src/call/**'], [noVue, up('app', 'features', 'shared', 'strip', 'stream')]),
  downhill('shared', ['src/shared/**'], [up('app', 'features')]),
  ...features.map((feature) =>
    downhill(`features/${feature}`, [`src/features/${feature}/**`], [
      up('app', ...features.filter((other) => other !== feature).map((other) => `features/${other}`)),
      [['../../../features/*', '../../*/pages/*'], 'Features never import features.'],
    ]),
  ),
)
