// What an operator does, and how the node's refusals are told.

async function told(answer) {
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail ?? `the node answered ${answer.status}`);
}

const post = async (path, body) =>
  told(
    await fetch(path, {
      method: "POST",
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
    }),
  );

const at = (site) => `/api/v1/sites/${encodeURIComponent(site)}`;

export const drain = (site, reason, forS) => post(`${at(site)}/drain`, forS ? { reason, for_s: forS } : { reason });
export const enable = (site) => post(`${at(site)}/enable`);
export const detail = async (site) => told(await fetch(at(site)));
export const explain = async (question) => told(await fetch(`/api/v1/explain?${new URLSearchParams(question)}`));
