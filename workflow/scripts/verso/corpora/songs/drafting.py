"""Whether a file holds songs, and the entry of a corpus for it."""

from verso.corpora.columns import are_like_labels, listed, mean_length, named
from verso.drafts import Draft, Found

ARTIST = (
    "artist",
    "artists",
    "artist_name",
    "singer",
    "band",
    "performer",
    "author",
    "artista",
    "cantante",
    "intérprete",
    "grupo",
)
TITLE = ("title", "song", "song_title", "song_name", "track", "track_name", "name", "título", "canción")
LYRICS = ("lyrics", "lyric", "song_lyrics", "letra", "letras", "text", "texto")
MOST_SHOWN = 6
LONGEST_SONG = 5000  # characters, on average: longer texts of an author are chapters or articles


def drafted(found: Found) -> Draft | None:
    """An entry for a file with artist, title and lyrics, or for a folder with a subfolder for each artist."""
    if found.parts:
        return None  # songs are split by artist, whatever parts a source has
    if found.is_folder:
        folder = named(found, ["folder"])
        if folder is None or are_like_labels(folder.values or ()):
            return None
        artists = sorted((folder.values or {}).items(), key=lambda pair: -pair[1])
        return Draft({}, {}, (f"{len(artists)} artists, by subfolder: {listed(artists, MOST_SHOWN)}",), LEFT_OUT)
    lyrics, artist, title = (named(found, names) for names in (LYRICS, ARTIST, TITLE))
    if lyrics is None or artist is None or title is None or mean_length(lyrics) > LONGEST_SONG:
        return None
    usual = {"text": "lyrics", "artist": "artist", "title": "title"}
    fields = {key: column.name for key, column in zip(usual, (lyrics, artist, title), strict=True) if column.name != usual[key]}
    artists = sorted((artist.values or {}).items(), key=lambda pair: -pair[1])
    remark = f"artists: {listed(artists, MOST_SHOWN)}" if artists else "more artists than are counted here"
    return Draft({"fields": fields} if fields else {}, {}, (remark,), LEFT_OUT)


LEFT_OUT = (
    "songs_per_artist: 100  # the first so many of each; left out: all",
    'sampling: {prompts: ["[Verse 1]\\n"], per_group: 3}  # how the texts begin that models write, and how many for each artist',
)
