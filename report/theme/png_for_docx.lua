-- Word shows SVG poorly and pandoc needs a converter for it: take the PNG beside every SVG.
function Image(image)
  if FORMAT:match("docx") then
    image.src = image.src:gsub("%.svg$", ".png")
  end
  return image
end
