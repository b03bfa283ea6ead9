// Asking the node, and how it refuses.
import { me } from "./state.js";
import { useEffect, useRef, useState } from "./vendor/preact-hooks.js";

export class Problem extends Error {
  constructor(status, body = {}) {
    super(body.detail ?? `the node answered ${status}`);
    this.status = status;
    this.errors = body.errors ?? [];
  }

  // A node of another version, or a part of it that is off: nothing to be frightened of.
  get absent() {
    return [404, 405, 501].includes(this.status);
  }

  // What is wrong with a field, by its name: "body.for_s" and "for_s" are for_s. One within another, or within one of several kinds
  // of body ("rule.reason"), has its last name too.
  get fields() {
    const named = this.errors.map(({ field, where, message }) => [String(field ?? where).replace(/^(body|query|path)\./, ""), message]);
    const within = named.map(([name, message]) => [name.split(".").at(-1), message]);
    return Object.fromEntries([...within, ...named].reverse());
  }
}

// `path` is below /api/v1/. A change is sent with a key: the same `key` again does nothing twice.
export async function fetchJson(path, { method = "GET", body, key, signal } = {}) {
  const changes = method !== "GET";
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (changes) headers["Idempotency-Key"] = key ?? newKey();
  if (changes && me.value.csrf) headers["X-CSRF-Token"] = me.value.csrf;
  const answer = await fetch(`/api/v1/${path}`, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  if (answer.status === 401 && path !== "me") knowMe();
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  if (answer.status === 204) return null;
  return (answer.headers.get("Content-Type") ?? "").includes("json") ? answer.json() : answer.text();
}

// Who looks, as the node sees it now: a session ends with the node, with its token or by the clock, while the page stays.
export const knowMe = () => fetchJson("me").then((told) => (me.value = { ...me.value, ...told }), () => null);

export const post = (path, body, key) => fetchJson(path, { method: "POST", body, key });
export const remove = (path, body) => fetchJson(path, { method: "DELETE", body });

// Not randomUUID, which browsers have over TLS and on localhost alone.
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");

// What a path of the API says, asked again `everyS` seconds after each answer while somebody looks; `path` null asks nothing.
// {data, problem, loading, refresh}: data of the last good answer stays until there is another, or another path.
export function useResource(path, everyS = 0) {
  const [state, setState] = useState({ path, data: undefined, problem: null });
  const look = useRef(() => {});
  useEffect(() => {
    if (path === null) return undefined;
    const abort = new AbortController();
    let timer, first = true;
    look.current = async () => {
      clearTimeout(timer);
      if (first || !document.hidden) {
        first = false;
        try {
          const data = await fetchJson(path, { signal: abort.signal });
          if (!abort.signal.aborted) setState({ path, data, problem: null });
        } catch (problem) {
          if (abort.signal.aborted) return;
          setState((last) => ({ path, data: last.path === path ? last.data : undefined, problem }));
        }
      }
      if (everyS && !abort.signal.aborted) timer = setTimeout(look.current, everyS * 1000);
    };
    look.current();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [path, everyS]);
  const current = state.path === path;
  const [data, problem] = current ? [state.data, state.problem] : [undefined, null];
  return { data, problem, loading: data === undefined && problem === null && path !== null, refresh: () => look.current() };
}
