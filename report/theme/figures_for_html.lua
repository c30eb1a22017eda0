-- HTML: a figure's SVG goes into the page itself, the wide drawing and the narrow one for phones
-- (styles decide which is shown). Its colours become variables, so that report.css can name others
-- for the dark. Beside the link to a figure's data stand its pictures, as files to download, and the
-- figure's own page. Quarto and the embedded renderer run this same filter.

local WORDS = { en = "Link", ru = "Ссылка", kk = "Сілтеме" }
local language = "en"

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

local function is_there(path)
  local file = io.open(path, "r")
  return file and file:close()
end

-- " · PNG · SVG · Link" after the link to the data of a figure, where its pictures lie as
-- report/figures/LANGUAGE/NAME.png and .svg; _quarto-en.yml publishes them. The PNG is the card of
-- publishing/figure_cards.py: with headline and source, for those who pass the picture on.
local function with_pictures(link)
  local up, name = link.target:match("^([./]*)report/figures/(fig%-[%w-]+)%.csv$")
  local stem = name and string.format("report/figures/%s/%s", language, name)
  if not stem or not is_there(stem .. ".png") or not is_there(stem .. ".svg") then
    return nil
  end
  local out = pandoc.Inlines({ link })
  local function add(words, target, attributes)
    out:extend({ pandoc.Space(), pandoc.Str("·"), pandoc.Space() })
    out:insert(pandoc.Link(words, target, "", attributes))
  end
  local file = string.format("%s-%s", name, language)
  add("PNG", string.format("%sfigures/%s.png", up, file), { download = file .. ".png" })
  add("SVG", string.format("%s%s.svg", up, stem), { download = file .. ".svg" })
  -- As publishing/figure_pages.py names them; the first language has no ending.
  local page = language == "en" and name or string.format("%s-%s", name, language)
  add(WORDS[language] or WORDS.en, string.format("%sfigures/%s.html", up, page), { class = "figure-link" })
  return out
end

local function source(div)
  if FORMAT:match("html") and div.classes:includes("figure-source") then
    return div:walk({ Link = with_pictures })
  end
end

local function drawing(image)
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

local function remember(meta)
  language = pandoc.utils.stringify(meta.lang or "en"):match("^%a+")
end

return { { Meta = remember }, { Image = drawing, Div = source } }
