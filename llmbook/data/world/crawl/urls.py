"""Where the pages of the crawl were found. All hosts are under the reserved domain `example`."""

from typing import TYPE_CHECKING

from llmbook.data.world.choices import Choices
from llmbook.data.world.crawl.grammar import lines
from llmbook.data.world.crawl.spam import spam_host

if TYPE_CHECKING:
    from llmbook.data.world import World

_SITES = lines("""
    times\npost\nforum\ntravel\nnotes\ncrafts\nmarket\nkites\nteahouse\nmuseum\nschool\nradio\ngarden\nlibrary\nwiki\nblog
""")
_SECTIONS = lines("""
    news\nblog\n2019\n2020\n2021\n2022\nforum/thread\nreviews\nhow-to\narticles\nabout\ntravel\nstories\nfaq\narchive\np
""")
# Innocent words in which a careless list of bad words finds one.
_INNOCENT = lines("""
    specialist-repairs\nessex-lanterns\nanalysis-of-glazes\ncocktail-evening\nthe-old-casino-cinema\npharmacy-museum
    betty-the-potter\nslot-and-groove-joints\ncash-boxes\nassassin-bugs-in-bamboo\npokerwork-for-beginners
""")
_BAD_PATHS = lines("""
    free-casino-bonus\ncheap-pills-online\nno-credit-check-loan\nbuy-backlinks\nreplica-watches\nwin-jackpot-now
    online-slots-free-spins\nbest-betting-odds\nviagra-style-pills\nxxx-prizes\nmiracle-weight-loss
""")


def write_url(world: "World", draw: Choices, role: str) -> str:
    """The address of a new page. Of spam, three in four show it; now and then an innocent page looks guilty."""
    number = draw.between(1, 99_999)
    if role == "spam" and draw.chance(3, 4):
        if draw.chance(1, 2):
            return f"http://{spam_host(draw)}/{number}"
        return f"http://{_host(world, draw)}/{draw.pick(_BAD_PATHS)}-{number}.html"
    path = draw.pick(_INNOCENT) if draw.chance(1, 40) else _slug(world, draw)
    scheme = draw.pick(("https", "https", "https", "http"))
    return f"{scheme}://{_host(world, draw)}/{draw.pick(_SECTIONS)}/{path}-{number}{draw.pick(('', '', '/', '.html'))}"


def copy_url(world: "World", draw: Choices, url: str, role: str) -> str:
    """Where a copy was found: at the same address, at the same with a tracking parameter, or elsewhere."""
    where = draw.weighted(((2, "same"), (2, "tracked"), (6, "elsewhere")))
    if where == "same":
        return url
    if where == "tracked":
        return f"{url}?{draw.pick(('utm_source=mail', 'ref=home', 'share=1', 'sessionid=' + str(draw.below(10**8))))}"
    return write_url(world, draw, role)


def _words(name: str) -> str:
    return name.lower().replace(" ", "-")


def _host(world: "World", draw: Choices) -> str:
    return (
        f"{draw.pick(('www.', 'www.', '', 'm.'))}{_words(draw.pick(world.cities).name.en)}-{draw.pick(_SITES)}.example"
    )


def _slug(world: "World", draw: Choices) -> str:
    return _words(draw.pick(world.products).name.en)
