-- HTML: a figure's SVG goes into the page itself, the wide drawing and the narrow one for phones
-- (styles decide which is shown). Its colours become variables, so that report.css can name others
-- for the dark. Quarto and the embedded renderer run this same filter.

local count = 0

local function content(path)
  local file = io.open(path, "r")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  -- What stands before <svg> (declaration, doctype) names outside addresses and is not needed.
  local start = text:find("<svg", 1, true)
  return start and text:sub(start):gsub("%s+$", "")
end

local function escaped(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"):gsub('"', "&quot;"))
end

-- Ids are unique in their file only.
local function with_own_ids(svg, prefix)
  return (svg:gsub('(%sid=")', "%1" .. prefix)
    :gsub("url%(#", "url(#" .. prefix)
    :gsub('(href="#)', "%1" .. prefix))
end

local function with_variables(svg)
  return (svg:gsub('="#(%x%x%x%x%x%x)"', function(digits)
    return string.format('="var(--c-%s,#%s)"', digits:lower(), digits:lower())
  end))
end

local function inline(svg, name, class, alt)
  svg = with_variables(with_own_ids(svg, name .. "-"))
  return (svg:gsub("^<svg", string.format(
    '<svg class="%s" role="img" aria-label="%s"', class, (escaped(alt):gsub("%%", "%%%%"))), 1))
end

function Image(image)
  if not FORMAT:match("html") or not image.src:match("%.svg$") then
    return nil
  end
  local wide = content(image.src)
  if not wide then
    return nil
  end
  count = count + 1
  local alt = image.attributes["fig-alt"] or pandoc.utils.stringify(image.caption)
  local narrow = content((image.src:gsub("%.svg$", "-narrow.svg")))
  if not narrow then
    return pandoc.RawInline("html", inline(wide, "f" .. count, "figure-svg", alt))
  end
  return pandoc.RawInline("html",
    inline(wide, "f" .. count, "figure-svg figure-wide", alt)
    .. inline(narrow, "n" .. count, "figure-svg figure-narrow", alt))
end
