-- Quarto alone: captions and references join a word with its number as the language does (`numbered`
-- in _page-words.yml). Quarto itself always writes the word first; in Kazakh it is «3-сурет».

local stringify = pandoc.utils.stringify
local NO_BREAK_SPACE = "\u{a0}"
local QUARTO = "{word}" .. NO_BREAK_SPACE .. "{number}"

local function form_of(language)
  local name = pandoc.path.join({ quarto.project.directory, "report/theme/_page-words.yml" })
  local file = assert(io.open(name, "r"))
  local text = file:read("a")
  file:close()
  local words = pandoc.read("---\n" .. text .. "\n---\n", "markdown-smart").meta
  return stringify((words[language] or words.en).numbered)
end

-- HTML and Word: Quarto writes the word, a space that does not break and the number as three texts.
local function with_numbers(form)
  local words = {}
  for key, word in pairs(quarto.doc.language) do
    words[stringify(word)] = key:match("^crossref%-%a+%-%a+$")
  end
  return function(inlines)
    local out = pandoc.Inlines({})
    for _, inline in ipairs(inlines) do
      local word, space = out[#out - 1], out[#out]
      if inline.t == "Str" and inline.text:match("^%d[%d.]*$")
        and space and space.t == "Str" and space.text == NO_BREAK_SPACE
        and word and word.t == "Str" and words[word.text] then
        out:remove()
        out:remove()
        local parts = { word = word.text, number = inline.text }
        out:insert(pandoc.Str((form:gsub("{(%a+)}", parts))))
      else
        out:insert(inline)
      end
    end
    return out
  end
end

-- PDF: Typst writes both itself.
local TYPST = [[
#let numbered(word, number) = if word in (none, []) { number } else { %s }
#show ref: it => {
  let target = it.element
  if target == none or target.func() not in (figure, heading) { return it }
  let counted = if target.func() == figure { target.counter } else { counter(heading) }
  let number = numbering(target.numbering, ..counted.at(target.location()))
  link(target.location(), numbered(it.supplement, number))
}
#show figure.caption: it => if it.supplement == none or it.numbering == none { it } else {
  block(width: 100%%)[#numbered(it.supplement, context it.counter.display(it.numbering))#it.separator#it.body]
}]]

function Pandoc(doc)
  local form = form_of(stringify(doc.meta.lang or "en"):match("^%a+"))
  if form == QUARTO then
    return nil
  elseif quarto.doc.is_format("typst") then
    quarto.doc.include_text("in-header",
      string.format(TYPST, "[" .. form:gsub("{(%a+)}", "#%1;") .. "]"))
    return nil
  end
  return doc:walk({ Inlines = with_numbers(form) })
end
