/** Keys and buttons of the big clock become writes; what was done is said, and a slip taken back. */
import { type ComputedRef, type Ref, computed, onBeforeUnmount, onMounted, ref, watch } from 'vue'
import { useRouter } from 'vue-router'

import type { CaseClock, ClockSet } from '@/api/course'
import { useClockWords } from '@/shared/clocks/catalogue'
import { ROAD, asked, mainSet, milestoneNamed, undoable, unowned } from '@/shared/clocks/reading'
import { type ClockWrite, useCaseClock, useClockWrite } from '@/shared/clocks/useCaseClock'
import { hourMinute } from '@/shared/format/time'
import { useLang } from '@/shared/i18n'
import { wordProblem } from '@/shared/problemText'
import type { LiveData } from '@/shared/useLiveData'
import { useNow } from '@/shared/useNow'

import { type Asking, type Board, type Effect, nextKey, optional, press, skip } from './keys'
import { type Kept, useRecorder } from './useRecorder'

/** Long enough for a slip of the finger, too short to rewrite what happened. */
const UNDO_MS = 20_000
const SAID_MS = 6_000
/** An optional question that nobody answers does not hold the moment up. */
const SKIP_MS = 12_000

export interface BigClock {
  clock: LiveData<CaseClock>
  sets: ComputedRef<ClockSet[]>
  set: ComputedRef<ClockSet | null>
  asking: Ref<Asking | null>
  board: ComputedRef<Board>
  next: ComputedRef<string | undefined>
  kept: Ref<readonly Kept[]>
  said: Ref<string>
  trouble: ComputedRef<string | null>
  press(key: string): void
}

export function useBigClock(caseId: string): BigClock {
  const clock = useCaseClock(caseId)
  const router = useRouter()
  const now = useNow()
  const { t, lang } = useLang()
  const { catalogue, milestone } = useClockWords()
  const recorder = useRecorder(caseId, clock)
  const writes = { prompts: useClockWrite(caseId, 'prompts'), owners: useClockWrite(caseId, 'owners'), undo: useClockWrite(caseId, 'undo') }
  const chosen = ref<string | null>(null)
  const asking = ref<Asking | null>(null)
  const said = ref('')

  const sets = computed(() => (clock.data.value?.sets ?? []).filter((set) => set.keys.length > 0))
  const set = computed(() => sets.value.find((entry) => entry.code === chosen.value) ?? null)
  // A key keeps its meaning under the finger: once her emergency is chosen, only a person changes it.
  watch(clock.data, (data) => {
    if (data === null || (set.value !== null && !ROAD.includes(set.value.code))) return
    chosen.value = mainSet({ ...data, sets: sets.value })?.code ?? null
  })
  const board = computed<Board>(() => boardOf(clock.data.value))
  const next = computed(() => nextKey(board.value))
  const trouble = computed(() => {
    const problem = recorder.problem.value ?? writes.prompts.problem.value ?? writes.owners.problem.value ?? writes.undo.problem.value
    return problem === null || problem.outcomeUnknown ? null : wordProblem(problem, lang.value, t).title
  })

  function boardOf(data: CaseClock | null): Board {
    const reached = new Set([...(data?.milestones ?? []).map((m) => m.name), ...recorder.kept.value.map((one) => one.kind)])
    return {
      keys: set.value?.keys ?? [],
      reached,
      prompt: data === null ? null : (asked(data, now.value)[0]?.code ?? null),
      reasons: (catalogue.data?.not_needed ?? []).filter((reason) => !reason.text).map((reason) => reason.code),
      // While a press is on its way, the newest known moment is not the newest: nothing is taken back.
      undo: data === null || recorder.sending.value ? null : (undoable(data, now.value, UNDO_MS)?.seq ?? null),
      own: data === null ? null : (unowned(data, now.value)?.code ?? null),
      locked: data === null || data.ended || !data.may_act,
    }
  }

  async function write(what: Exclude<ClockWrite, 'delays'>, body: unknown, done: string): Promise<void> {
    const answer = await writes[what].send(body)
    if (answer === null) return
    clock.put(answer)
    said.value = done
  }

  async function record(kind: string, more: Record<string, unknown>): Promise<void> {
    const at = hourMinute(now.value)
    await recorder.record(kind, more)
    if (recorder.problem.value === null) said.value = t('clock.recorded', { what: milestone(kind), at })
  }

  function effect(found: Effect): void {
    const data = clock.data.value
    switch (found.act) {
      case 'record':
        return void record(found.kind, found.said)
      case 'prompt':
        return void write('prompts', { prompt: found.prompt, answer: found.answer, ...(found.code === undefined ? {} : { code: found.code }) }, t('clock.answered'))
      case 'undo':
        return void write('undo', { seq: found.seq }, t('clock.taken_back'))
      case 'own':
        return void write('owners', { interval: found.interval }, t('clock.owning'))
      case 'next_set':
        chosen.value = after(sets.value, set.value)
        return
      case 'leave':
        return void router.push(`/cases/${caseId}`)
      case 'already': {
        const at = data === null ? null : milestoneNamed(data, found.kind)
        said.value = t('clock.already', { what: milestone(found.kind), at: at === null ? '' : hourMinute(at.at) })
      }
    }
  }

  function onPress(key: string): void {
    const pressed = press(key, asking.value, board.value)
    asking.value = pressed.asking
    if (pressed.effect !== null) effect(pressed.effect)
  }

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
    const onButton = event.target instanceof HTMLButtonElement && [' ', 'Enter'].includes(event.key)
    if (onButton || event.key === 'Tab' || (ringing() && event.key === 'Escape')) return
    if (event.key === ' ') event.preventDefault()
    onPress(event.key)
  }

  onMounted(() => window.addEventListener('keydown', onKey))
  onBeforeUnmount(() => window.removeEventListener('keydown', onKey))
  forget(said, (text) => text !== '', SAID_MS, () => (said.value = ''))
  forget(asking, (one) => one !== null && optional(one.question), SKIP_MS, () => {
    if (asking.value === null) return
    const pressed = skip(asking.value)
    asking.value = pressed.asking
    if (pressed.effect !== null) effect(pressed.effect)
  })

  return { clock, sets, set, asking, board, next, kept: recorder.kept, said, trouble, press: onPress }
}

/** Escape is for the alert that rings over the page; the moments go on under their keys. */
function ringing(): boolean {
  return document.querySelector('[role="alertdialog"], [role="dialog"]') !== null
}

function after(sets: readonly ClockSet[], set: ClockSet | null): string | null {
  const at = sets.findIndex((entry) => entry.code === set?.code)
  return sets[(at + 1) % Math.max(1, sets.length)]?.code ?? null
}

function forget<T>(source: Ref<T>, waits: (value: T) => boolean, ms: number, then: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(source, (value) => {
    clearTimeout(timer)
    if (waits(value)) timer = setTimeout(then, ms)
  })
  onBeforeUnmount(() => clearTimeout(timer))
}
