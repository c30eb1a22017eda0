-- Quarto alone: the report's own blocks in the shapes that the embedded renderer gives them.

local function raw(format, text)
  return pandoc.RawBlock(format, text)
end

-- HTML: a callout for page.css. Quarto's own is a plain quotation without its styles and scripts.
function Callout(callout)
  if not quarto.doc.is_format("html") then
    return nil
  end
  local title = quarto.utils.as_inlines(callout.title or {})
  if #title == 0 then
    title = quarto.utils.as_inlines(quarto.doc.language["callout-" .. callout.type .. "-title"])
  end
  local folded = callout.collapse ~= nil and callout.collapse ~= false
  local outer = folded and "details" or "aside"
  local inner = folded and "summary" or "p"
  local blocks = pandoc.Blocks({
    raw("html", string.format('<%s class="callout callout-%s"><%s class="callout-title">',
      outer, callout.type, inner)),
    pandoc.Plain(title),
    raw("html", string.format('</%s><div class="callout-body">', inner)),
  })
  blocks:extend(quarto.utils.as_blocks(callout.content))
  blocks:insert(raw("html", string.format("</div></%s>", outer)))
  return pandoc.Div(blocks)
end

-- PDF: three key figures a row, small print small (functions of quarto.typ).
local ROLES = { "key-number", "key-label", "key-source" }

local function set_by(name, block)
  local out = pandoc.Inlines({ pandoc.RawInline("typst", "#" .. name .. "[") })
  out:extend(block.content)
  out:insert(pandoc.RawInline("typst", "]"))
  return pandoc.Para(out)
end

local function typst_div(div)
  if div.classes:includes("key-figures") then
    local out = pandoc.Blocks({ raw("typst", "#key-figures(") })
    for _, card in ipairs(div.content) do
      out:insert(raw("typst", "["))
      for place, block in ipairs(card.content) do
        out:insert(set_by(ROLES[math.min(place, #ROLES)], block))
      end
      out:insert(raw("typst", "],"))
    end
    out:insert(raw("typst", ")"))
    return out, false
  elseif div.classes:includes("figure-source") or div.classes:includes("table-source") then
    div.content:insert(1, raw("typst", "#small-print["))
    div.content:insert(raw("typst", "]"))
    return div
  end
end

-- Word: the styles of reference.docx.
local STYLES = { "Key Number", "Key Label", "Key Source" }
local STYLE_OF = { ["figure-source"] = "Figure Source", ["table-source"] = "Figure Source", lead = "Lead" }

local function styled(style, blocks)
  return pandoc.Div(blocks, { ["custom-style"] = style })
end

local function word_div(div)
  if div.classes:includes("key-figure") then
    local out = pandoc.Blocks({})
    for place, block in ipairs(div.content) do
      out:insert(styled(STYLES[math.min(place, #STYLES)], { block }))
    end
    return out
  end
  for class, style in pairs(STYLE_OF) do
    if div.classes:includes(class) then
      return styled(style, div.content)
    end
  end
end

-- Quarto sets a figure in a cell of a table, which takes some of the width, and forgets its words.
local function word_image(image)
  image.attributes.width = "96%"
  local alt = image.attributes["fig-alt"]
  if alt then
    image.caption = { pandoc.Str(alt) }
  end
  return image
end

function Pandoc(doc)
  if quarto.doc.is_format("typst") then
    -- Typst has a title of its own for the list of sources, but not in Kazakh.
    quarto.doc.include_text("in-header", string.format(
      "#set bibliography(title: [%s])", quarto.doc.language["section-title-references"]))
    return doc:walk({ traverse = "topdown", Div = typst_div })
  elseif quarto.doc.is_format("docx") then
    if doc.meta.bibliography then
      local heading = quarto.doc.language["section-title-references"]
      doc.blocks:insert(pandoc.Header(1, heading, { id = "references", class = "unnumbered" }))
      doc.blocks:insert(pandoc.Div({}, { id = "refs" }))
    end
    return doc:walk({ Div = word_div, Image = word_image })
  end
end
