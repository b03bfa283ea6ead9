// What somebody pastes to have it explained: an address, a network, an AS; a resolver and a subnet; a URL; a line of dig or of a log.
const IPV4 = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?:\/\d{1,2})?(?![\w.]*\d)/g;
const IPV6 = /(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:\/\d{1,3})?(?![\w:])/gi;
const SYSTEM = /\bAS ?(\d{1,10})\b/i;

// {address, resolver, path, service}: what was found of it.
export function read(text) {
  const said = text.trim();
  const found = fromUrl(said) ?? {};
  const subnet = said.match(/subnet=([0-9a-f.:]+(?:\/\d+)?)/i)?.[1];
  const asked = said.match(/@([0-9a-f.:]+)/i)?.[1];
  const rest = said.replace(/https?:\/\/\S+/gi, " ").replace(/@\S+/g, " ");
  const system = rest.match(SYSTEM);
  const clients = [...(rest.match(IPV4) ?? []), ...(rest.match(IPV6) ?? [])].filter((each) => each.length > 2);
  if (subnet) return { ...found, address: subnet, resolver: clients.find((each) => each !== subnet) };
  if (system && !clients.length) return { ...found, address: `AS${system[1]}` };
  const [network] = clients.filter((each) => each.includes("/"));
  const [single] = clients.filter((each) => !each.includes("/"));
  if (network && single) return { ...found, address: network, resolver: single };
  return { ...found, address: network ?? single ?? (asked && !found.service ? asked : said) };
}

function fromUrl(text) {
  const url = text.match(/https?:\/\/\S+/i)?.[0];
  if (!url || !URL.canParse(url)) return null;
  const { hostname, pathname, search } = new URL(url);
  return { service: hostname, path: `${pathname}${search}` };
}
