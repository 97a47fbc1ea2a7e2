import { screen, waitFor, within } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'

import { api } from '@/api/client'
import { axeViolations, renderPage } from '@/testing/page'

import type { Detail } from '../types'
import QuizCard from './QuizCard.vue'

const QUESTIONS = [
  { text: '产后出血的定义', options: ['≥300 mL', '≥500 mL'], many: false },
  { text: '宫缩剂有哪些', options: ['缩宫素', '卡前列素', '硫酸镁'], many: true },
]
const RIGHT = [[1], [0, 1]]

async function show(teaches: boolean) {
  const detail = {
    course: { id: 'c1', state: 'published', pass_percent: 80, allowed: teaches ? ['edit', 'close'] : [] },
    quiz: { n: 3, tries_left: 2, questions: QUESTIONS.map((one, n) => ({ ...one, right: teaches ? RIGHT[n] : null })) },
    attempts: [],
  } as unknown as Detail
  const send = vi.fn().mockResolvedValue(detail)
  const submission = vi.spyOn(api, 'submission').mockReturnValue({ key: 'k', send } as never)
  const page = defineComponent({ render: () => h('main', [h(QuizCard, { detail })]) })
  const view = await renderPage(page, { path: '/x', answers: {} })
  return { ...view, send, paths: () => submission.mock.calls.map(([path]) => path) }
}

describe('a quiz', () => {
  it('is sent whole, by version, each answer an object; nobody who learns is shown what is right', async () => {
    const { container, send, paths } = await show(false)
    expect(container.querySelectorAll('.right')).toHaveLength(0)
    expect(await axeViolations(container)).toEqual([])
    const button = screen.getByRole('button', { name: '提交答案' })
    await userEvent.click(screen.getByLabelText('≥300 mL'))
    await userEvent.click(screen.getByLabelText('≥500 mL'))
    expect(button).toHaveProperty('disabled', true)
    await userEvent.click(screen.getByLabelText('硫酸镁'))
    await userEvent.click(screen.getByLabelText('缩宫素'))
    await userEvent.click(screen.getByLabelText('硫酸镁'))
    await userEvent.click(button)
    await waitFor(() => expect(send).toHaveBeenCalledWith({ quiz: 3, answers: [{ marked: [1] }, { marked: [0] }] }))
    expect(paths()).toContain('/api/training/courses/c1/attempts')
  })

  it('is written anew from what is there; a question without a right option is not saved', async () => {
    const { send } = await show(true)
    await userEvent.click(screen.getByRole('button', { name: '修改题目' }))
    const second = within(screen.getByRole('group', { name: '第 2 题' }))
    const save = screen.getByRole('button', { name: '保存题目' })
    for (const n of [1, 2]) await userEvent.click(second.getByRole('checkbox', { name: `选项 ${n} 正确` }))
    expect(save).toHaveProperty('disabled', true)
    await userEvent.click(second.getByRole('checkbox', { name: '选项 3 正确' }))
    await userEvent.click(save)
    await waitFor(() => expect(send).toHaveBeenCalledOnce())
    const [, last] = (send.mock.calls[0]?.[0] as { questions: { options: { text: string; right: boolean }[] }[] }).questions
    expect(last?.options.map((one) => one.right)).toEqual([false, false, true])
  })
})
