import userEvent from '@testing-library/user-event'
import { screen } from '@testing-library/vue'
import { beforeEach, describe, expect, it } from 'vitest'

import { axeViolations, renderPage } from '@/testing/page'

import VerifyPage from './VerifyPage.vue'

const genuine = {
  verdict: 'genuine', kind: 'transfer', issued_at: '2026-11-22T02:00:00Z', facility: '石桥县医院', drill: false, demo: false,
  voided: false, moved_on: false, chain: 'proved', pdf_sha256: 'ab'.repeat(32),
}

async function open(answer: unknown, hash = '#0123456789ABCDEF') {
  window.location.hash = hash
  return renderPage(VerifyPage, { path: '/verify', answers: { '/api/verify/0123-4567-89AB-CDEF': answer } })
}

describe('the verification page', () => {
  beforeEach(() => {
    window.location.hash = ''
  })

  it('asks at once what was scanned, and says what it is and where it stands', async () => {
    const { container } = await open(genuine)
    expect(await screen.findByText('真实有效')).toBeTruthy()
    expect(screen.getByText('孕产妇转诊单')).toBeTruthy()
    expect(screen.getByText('已在签名日志中，位置与内容相符')).toBeTruthy()
    expect(await axeViolations(container)).toEqual([])
  }, 20_000)

  it('asks nothing before a code is typed', async () => {
    const { get } = await open(genuine, '')
    expect(get).not.toHaveBeenCalled()
    await userEvent.setup().type(screen.getByLabelText('核验码'), '0123456789abcdef{Tab}{Enter}')
    expect(await screen.findByText('真实有效')).toBeTruthy()
  })

  it.each([
    [{ ...genuine, moved_on: true }, '真实，但病例已有更新'],
    [{ ...genuine, voided: true, moved_on: true }, '病例已作废'],
    [{ ...genuine, verdict: 'broken', chain: 'broken' }, '存证不一致'],
    [{ ...genuine, verdict: 'unknown', kind: null, chain: null, pdf_sha256: null }, '查无此文书'],
    [{ ...genuine, verdict: 'mistyped', kind: null, chain: null, pdf_sha256: null }, '核验码有误'],
  ])('tells the cases apart', async (answer, words) => {
    await open(answer)
    expect(await screen.findByText(words)).toBeTruthy()
  })
})
