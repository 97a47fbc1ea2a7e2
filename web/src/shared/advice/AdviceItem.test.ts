import userEvent from '@testing-library/user-event'
import { waitFor } from '@testing-library/vue'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent, h, shallowRef } from 'vue'

import type { Advice } from '@/api/advice'
import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { axeViolations, renderPage } from '@/testing/page'

import AdviceItem from './AdviceItem.vue'

const HERE = { id: 'f2', name: '云岚省妇幼保健院', short_name: '省妇幼', tier: 'province' }
const LEAD = { id: 'lead', name: '林晓岚', title: '主任医师', facility_id: 'f2', specialty: 'obstetrics' }
const SECOND = { ...LEAD, id: 'second', name: '周海宁' }
const anOpinion = (over: Partial<Advice> = {}): Advice =>
  ({
    id: 'a1', case_id: 'c1', text: '考虑宫缩乏力', findings: '活动性出血', recommendation: 'in_place',
    cited: [{ kind: 'observation', id: 'o1', zh: '收缩压 84 mmHg', en: 'Systolic 84 mmHg', at: '2026-11-27T01:00:00Z', until: null, from_seq: null, to_seq: null, sha256: null, note: '休克' }],
    orders: [{ n: 1, text: '氨甲环酸 1 g', state: 'pending', code: null, reason: null, at: null, by: null }],
    revision: 2, shared: true, revised_by: LEAD, revised_at: '2026-11-27T01:05:00Z', stands: [], state: 'signed', author: LEAD, facility: HERE,
    addendum_to: null, created_at: '2026-11-27T01:00:00Z', signed_at: '2026-11-27T01:06:00Z', digest: 'ab'.repeat(32),
    may_sign: false, may_report: false, may_revise: false, may_countersign: false, ...over,
  }) as Advice

function show(advice: Advice, answer?: Problem, roles: ('expert' | 'referring_clinician')[] = ['expert']) {
  const sent: { path: string; body: unknown }[] = []
  vi.spyOn(api, 'submission').mockImplementation((path) => ({ key: 'k', send: (body: unknown) => (sent.push({ path, body }), answer ? Promise.reject(answer) : Promise.resolve(advice)) }) as never)
  const changed = vi.fn()
  const now = shallowRef(advice)
  const page = defineComponent({ render: () => h('main', [h('h1', 'x'), h('h2', 'y'), h(AdviceItem, { advice: now.value, onChanged: changed })]) })
  const rerender = (newer: Advice): void => void (now.value = newer)
  return renderPage(page, { path: '/x', answers: {}, roles }).then((view) => ({ view, sent, changed, rerender }))
}

describe('a signed opinion', () => {
  it('says what it rests on and is accessible', async () => {
    const { view } = await show(anOpinion())
    expect(view.getByRole('list', { name: '依据' }).textContent).toContain('收缩压 84 mmHg')
    expect(view.getByText('建议：就地救治')).not.toBeNull()
    expect(await axeViolations(view.container)).toEqual([])
  })

  it('takes dissent only with words, and signs it with the password', async () => {
    const { view, sent, changed } = await show(anOpinion({ may_countersign: true }))
    await userEvent.click(view.getByText('保留不同意见…'))
    const sign = view.getByRole('button', { name: '签署不同意见' })
    expect(sign.hasAttribute('disabled')).toBe(true)
    await userEvent.type(view.getByLabelText('不同意见及理由'), '先排除产道裂伤')
    await userEvent.type(view.getByLabelText('再次输入密码以签署'), 'secret')
    await userEvent.click(sign)
    expect(sent).toEqual([{ path: '/api/advice/a1/stands', body: { stand: 'dissents', words: '先排除产道裂伤', password: 'secret' } }])
    expect(changed).toHaveBeenCalledOnce()
  })

  it('shows earlier wordings to experts alone', async () => {
    const { view } = await show(anOpinion(), undefined, ['referring_clinician'])
    expect(view.queryByText('修改记录（2 版）')).toBeNull()
  })
})

describe('a draft of several hands', () => {
  it('is written on at the revision that was seen; who was slower keeps the words and sees the newest', async () => {
    const moved = new Problem({ code: 'consult.draft_moved', zh: { title: '草稿已被修改', detail: '' } }, 409)
    const { view, sent, changed } = await show(anOpinion({ state: 'draft', signed_at: null, digest: null, may_revise: true }), moved)
    await userEvent.click(view.getByText('修改草稿'))
    const text = view.getByLabelText('意见')
    await userEvent.clear(text)
    await userEvent.type(text, '考虑胎盘残留')
    await userEvent.click(view.getByText('保存，待签署'))
    expect(sent).toMatchObject([{ path: '/api/advice/a1/revisions', body: { revision: 2, text: '考虑胎盘残留', orders: [{ text: '氨甲环酸 1 g' }] } }])
    expect(changed).toHaveBeenCalledOnce()
    expect((view.getByLabelText('意见') as HTMLTextAreaElement).value).toBe('考虑胎盘残留')
  })

  it('kept from before and written on since is not sent until its writer has chosen', async () => {
    localStorage.setItem('ys.draft.advice.a1', JSON.stringify({ text: '我的旧文字', revision: 1 }))
    const { view, sent } = await show(anOpinion({ state: 'draft', signed_at: null, digest: null, may_revise: true, revised_by: SECOND }))
    await userEvent.click(view.getByText('修改草稿'))
    expect(view.getByRole('alert').textContent).toContain('周海宁')
    expect(view.getByRole('button', { name: '保存，待签署' }).hasAttribute('disabled')).toBe(true)
    await userEvent.click(view.getByText('保留我的文字，作为新的一版'))
    await userEvent.click(view.getByText('保存，待签署'))
    expect(sent).toMatchObject([{ body: { revision: 2, text: '我的旧文字' } }])
  })

  it('can give way to what the other hand wrote', async () => {
    localStorage.setItem('ys.draft.advice.a1', JSON.stringify({ text: '我的旧文字', revision: 1 }))
    const { view } = await show(anOpinion({ state: 'draft', signed_at: null, digest: null, may_revise: true }))
    await userEvent.click(view.getByText('修改草稿'))
    await userEvent.click(view.getByText('改用上方内容'))
    expect((view.getByLabelText('意见') as HTMLTextAreaElement).value).toBe('考虑宫缩乏力')
    expect(view.queryByRole('alert')).toBeNull()
  })
})

describe('signing', () => {
  const draft = anOpinion({ state: 'draft', signed_at: null, digest: null, may_sign: true })

  it('names the wording that was read', async () => {
    const { view, sent } = await show(draft)
    await userEvent.type(view.getByLabelText('再次输入密码以签署'), 'secret')
    await userEvent.click(view.getByRole('button', { name: '签署' }))
    expect(sent).toEqual([{ path: '/api/advice/a1/sign', body: { revision: 2, password: 'secret' } }])
  })

  it('starts again when a colleague writes meanwhile', async () => {
    const { view, rerender } = await show(draft)
    const password = view.getByLabelText('再次输入密码以签署') as HTMLInputElement
    await userEvent.type(password, 'secret')
    rerender({ ...draft, revision: 3, revised_by: SECOND })
    await waitFor(() => expect(password.value).toBe(''))
    expect(view.getByRole('alert').textContent).toContain('周海宁')
  })
})
