"""Words that hold a sentence together and are in titles of every kind: alone they say nothing of a book."""

# English, German, French, Spanish, Italian, Dutch: the articles, pronouns, prepositions and conjunctions of titles.
_WORDS = """
a an the and or but of in on at to from for with without by as into out up down off over under is are was were be been
am do does did has have had will would can could i you he she it we they me him her us them my your his its our their
this that these those who what which where when how why not no so if than then there here all
der die das den dem des ein eine einen einem eines und oder von vom zu zum zur im am auf mit ist ich du er sie es wir
ihr mein dein sein nicht wie wer was
le la les l un une des du de d et ou en au aux dans sur pour par avec qui que je tu il elle on nous vous mon ton son
el los las una unos unas y e del al con por para lo su mi tu que se
il gli i uno della dello dei delle di da nel nella con per che
het een van voor met op te bij aan
"""
FUNCTION_WORDS = frozenset(_WORDS.split())
