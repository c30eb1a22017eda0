-- Quarto alone: a callout in the shape of page.css. Quarto's own needs the styles and scripts of its
-- themes, and is a plain quotation without them.
local function raw(text)
  return pandoc.RawBlock("html", text)
end

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
    raw(string.format('<%s class="callout callout-%s"><%s class="callout-title">',
      outer, callout.type, inner)),
    pandoc.Plain(title),
    raw(string.format('</%s><div class="callout-body">', inner)),
  })
  blocks:extend(quarto.utils.as_blocks(callout.content))
  blocks:insert(raw(string.format("</div></%s>", outer)))
  return pandoc.Div(blocks)
end
