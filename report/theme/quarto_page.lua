-- Quarto alone: gives page.html what the embedded renderer gives it, after Quarto has numbered
-- everything. The page's words and links; the contents; tables in boxes that scroll by themselves,
-- their heads with a scope; headings one level down, as the title is the only h1.

local stringify = pandoc.utils.stringify
local path = pandoc.path
local BOX = '<div class="table-box" tabindex="0" role="group">'

local function content(name)
  local file = io.open(path.join({ quarto.project.directory, name }), "r")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  return text
end

local function page_words()
  local text = content("report/theme/_page-words.yml")
  return pandoc.read("---\n" .. text .. "\n---\n", "markdown-smart").meta
end

local function editions(meta, words, own)
  local codes = pandoc.List({})
  for code in pairs(meta.editions or {}) do
    codes:insert(code)
  end
  codes:sort()
  return codes:map(function(code)
    local address = code ~= own and stringify(meta.editions[code]) or ""
    return { name = words[code]["language-name"], file = address, language = code }
  end)
end

local function downloads()
  local stem = path.split_extension(path.filename(quarto.doc.input_file))
  return { { name = "PDF", file = stem .. ".pdf" }, { name = "Word", file = stem .. ".docx" } }
end

-- The page that lists data and numbers, as pages of this edition name it.
local function data_page(language)
  local links = content("report/generated/value_links.json")
  local group = links and pandoc.json.decode(links, false).groups[language]
  if not group then
    return nil, nil
  end
  local target = path.join({ quarto.project.directory, group.page })
  return path.make_relative(target, quarto.project.output_directory, true), group.page_title
end

local function people(meta)
  local found = pandoc.List({})
  for _, author in ipairs(meta["by-author"] or {}) do
    found:insert(author.name.literal)
  end
  return found
end

-- As quarto_subset/sharing.py: what a messenger is told about the page.
local LONGEST = 200

local function shortened(text)
  text = text:gsub("%s+", " ")
  if pandoc.text.len(text) <= LONGEST then
    return text
  end
  local head = pandoc.text.sub(text, 1, LONGEST)
  -- A letter alone before the full stop is an abbreviation («г.», two bytes).
  local statement = head:match("^(.*[^%s.][^%s.][^%s.])[.;] ")
  return statement and statement .. "." or head:match("^(.*[^%s,;:])[%s,;:]*%s") .. "…"
end

local function size_of_png(name)
  local file = assert(io.open(path.join({ quarto.project.directory, name }), "rb"))
  local head = file:read(24)
  file:close()
  return string.unpack(">I4I4", head, 17)
end

local function share(meta)
  meta["summary"] = shortened(stringify(meta.description or meta.abstract or ""))
  local root, out = quarto.project.directory, quarto.project.output_directory
  local folders = path.split(path.make_relative(out, root))
  local base = meta["site-address"] and stringify(meta["site-address"]):gsub("/*$", "/")
  if base then
    local parts = pandoc.List({ table.unpack(folders, 2) })
    parts:insert(path.split_extension(path.filename(quarto.doc.input_file)) .. ".html")
    meta["page-address"] = base .. table.concat(parts, "/")
  end
  if meta.image then
    local name = stringify(meta.image)
    local width, height = size_of_png(name)
    meta["picture"] = {
      address = base and base .. name
        or path.make_relative(path.join({ root, folders[1], name }), out, true),
      words = stringify(meta["image-alt"] or ""),
      width = tostring(width),
      height = tostring(height),
    }
  end
end

local function fill(meta)
  local own = stringify(meta.lang):match("^%a+")
  local words = page_words()
  local language = quarto.doc.language
  meta["page-title"] = stringify(meta.title)
  meta["people"] = people(meta)
  meta["downloads"] = downloads()
  meta["editions"] = editions(meta, words, own)
  meta["languages-heading"] = words[own]["languages-heading"]
  meta["skip"] = words[own]["skip-to-content"]
  meta["toc-heading"] = language["toc-title-document"]
  meta["abstract-heading"] = language["section-title-abstract"]
  meta["formats-heading"] = language["related-formats-title"]
  share(meta)
  meta["keyword-line"] = table.concat(pandoc.List(meta.keywords or {}):map(stringify), ", ")
  meta["data-page"], meta["data-page-title"] = data_page(own)
end

-- The contents stand twice (beside the text and above it), so their links carry no ids.
local function contents(blocks)
  local list = pandoc.structure.table_of_contents(blocks, PANDOC_WRITER_OPTIONS)
  return list:walk({
    Link = function(link)
      link.identifier = ""
      return link
    end,
    Span = function(span)
      if span.classes:includes("header-section-number") then
        span.classes = { "toc-section-number" }
        return span
      end
    end,
  })
end

local function escaped(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub('"', "&quot;"))
end

-- The folded contents stand behind what comes first, which is the answer: the text before the
-- first section, or else the first section.
local function with_folded_contents(blocks, list, heading)
  local out, placed = pandoc.Blocks({}), false
  for _, block in ipairs(blocks) do
    if block.t == "Header" and block.level == 1 then
      if #out > 0 and not placed then
        placed = true
        out:insert(pandoc.RawBlock("html", string.format(
          '<details class="toc toc-top"><summary>%s</summary><nav aria-label="%s">',
          escaped(heading), escaped(heading))))
        out:insert(list)
        out:insert(pandoc.RawBlock("html", "</nav></details>"))
      end
    end
    out:insert(block)
  end
  return out
end

local function scoped(rows, scope, columns)
  for _, row in ipairs(rows) do
    for number, cell in ipairs(row.cells) do
      if number <= columns then
        cell.attr.attributes.scope = scope
      end
    end
  end
end

-- The first column heads its row if it is text.
local function table_in_box(tbl)
  scoped(tbl.head.rows, "col", #tbl.colspecs)
  local heads = tbl.colspecs[1][1] ~= "AlignRight" and 1 or 0
  for _, body in ipairs(tbl.bodies) do
    body.row_head_columns = heads
    scoped(body.body, "row", heads)
  end
  return { pandoc.RawBlock("html", BOX), tbl, pandoc.RawBlock("html", "</div>") }, false
end

local function deeper(header)
  header.level = header.level + 1
  return header
end

-- The list of sources at the end, with its heading: later it would be a second h1.
local function with_references(blocks)
  local heading = quarto.doc.language["section-title-references"]
  blocks:insert(pandoc.Header(1, heading, { id = "references", class = "unnumbered" }))
  blocks:insert(pandoc.Div({}, { id = "refs" }))
  return blocks
end

function Pandoc(doc)
  if not quarto.doc.is_format("html") then
    return nil
  end
  if doc.meta.bibliography then
    doc.blocks = with_references(doc.blocks)
  end
  fill(doc.meta)
  local list = contents(doc.blocks)
  doc.meta["table-of-contents"] = pandoc.MetaBlocks({ list })
  local heading = stringify(doc.meta["toc-heading"])
  doc.blocks = with_folded_contents(doc.blocks, list, heading)
    :walk({ Header = deeper, Table = table_in_box, traverse = "topdown" })
  return doc
end
