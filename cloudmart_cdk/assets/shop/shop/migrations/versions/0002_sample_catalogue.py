"""The sample catalogue: twenty-four products, so that a first deploy has something to sell.

Only where there are no products yet: a catalogue that was moved in is left alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

CATEGORIES = [
    ("kitchen", "주방", "Kitchen", "🍳"),
    ("living", "리빙", "Home", "🛋️"),
    ("stationery", "문구", "Stationery", "✏️"),
    ("fashion", "패션", "Fashion", "👜"),
    ("food", "식품", "Food", "🍵"),
    ("outdoor", "아웃도어", "Outdoor", "⛺"),
]

# category, Korean name, English name, Korean description, English description, keywords, price, stock, emoji, colour
PRODUCTS = [
    ("kitchen", "도자기 머그컵", "Stoneware mug",
     "손에 감기는 곡선과 두툼한 벽. 커피가 끝까지 따뜻합니다.",
     "A curve that fits the hand and a thick wall: the last sip is still warm.",
     "커피 컵 coffee cup", 18000, 120, "☕", "#f4d9c6"),
    ("kitchen", "무쇠 프라이팬", "Cast-iron skillet",
     "시즈닝을 마친 26cm 무쇠 팬. 쓸수록 길이 듭니다.",
     "26 cm, seasoned and ready. It gets better every year you cook with it.",
     "팬 후라이팬 pan frying", 64000, 35, "🍳", "#d8d3cd"),
    ("kitchen", "나무 도마", "Walnut cutting board",
     "호두나무 한 판을 깎아 만든 도마. 뒷면에는 육즙 홈이 있습니다.",
     "Cut from one plank of walnut, with a groove for juice on the back.",
     "호두나무 wood", 42000, 48, "🪵", "#e6cfb2"),
    ("kitchen", "유리 찻주전자", "Glass teapot",
     "잎이 피는 모습이 보이는 내열 유리 찻주전자, 600ml.",
     "Heat-proof glass, 600 ml: watch the leaves open.",
     "차 티팟 tea", 33000, 60, "🫖", "#cfe3da"),
    ("living", "리넨 쿠션", "Linen cushion",
     "물빨래로 더 부드러워지는 유럽산 리넨 커버.",
     "A cover of European linen that softens with every wash.",
     "방석 pillow", 27000, 80, "🛋️", "#dfe3ee"),
    ("living", "달항아리 화병", "Moon jar vase",
     "백자 달항아리를 닮은 화병. 꽃 한 송이로도 충분합니다.",
     "After the white porcelain moon jars. One flower is enough.",
     "꽃병 도자기 flower porcelain", 58000, 22, "🏺", "#efe9df"),
    ("living", "무드 램프", "Bedside lamp",
     "세 단계로 어두워지는 따뜻한 빛. USB-C로 충전합니다.",
     "Warm light in three steps, charged by USB-C.",
     "조명 스탠드 light", 46000, 55, "💡", "#fbe9a9"),
    ("living", "소이 캔들", "Soy candle",
     "편백과 귤껍질 향. 마흔 시간 동안 탑니다.",
     "Cypress and tangerine peel. Burns for forty hours.",
     "양초 향초 scent", 22000, 90, "🕯️", "#f6e0d2"),
    ("stationery", "만년필", "Fountain pen",
     "처음 쓰는 사람도 편한 가는 촉과 가벼운 몸통.",
     "A fine nib and a light body, easy on first-time writers.",
     "펜 잉크 ink", 39000, 40, "🖋️", "#cdd8ea"),
    ("stationery", "한지 노트", "Hanji notebook",
     "전주 한지로 엮은 백 장. 번지지 않고 오래 갑니다.",
     "A hundred sheets of mulberry paper from Jeonju: no bleed, long life.",
     "공책 종이 paper", 16000, 150, "📓", "#eadfc8"),
    ("stationery", "색연필 24색", "Colour pencils, 24",
     "부드럽게 겹쳐지는 심. 틴 케이스에 담았습니다.",
     "Leads that layer softly, in a tin.",
     "미술 그림 drawing art", 24000, 75, "✏️", "#f9d4d4"),
    ("stationery", "데스크 달력 2027", "Desk calendar 2027",
     "열두 달의 산 그림. 음력과 절기가 적혀 있습니다.",
     "Twelve mountains, with lunar days and solar terms.",
     "캘린더 산 mountain", 12000, 200, "📅", "#d9e8d2"),
    ("fashion", "캔버스 에코백", "Canvas tote",
     "장바구니부터 노트북까지. 안주머니가 두 개 있습니다.",
     "From groceries to a laptop, with two pockets inside.",
     "가방 장바구니 bag", 19000, 140, "👜", "#eee3cf"),
    ("fashion", "양모 머플러", "Wool scarf",
     "메리노 양모 100%. 가볍고 따갑지 않습니다.",
     "All merino: light, and it does not itch.",
     "목도리 겨울 winter merino", 52000, 45, "🧣", "#e9c9c0"),
    ("fashion", "챙 넓은 모자", "Wide-brim hat",
     "접어 넣어도 모양이 돌아오는 여름 모자.",
     "Packs flat, springs back. For summer.",
     "여름 햇빛 sun summer", 34000, 38, "👒", "#f3e2b8"),
    ("fashion", "발목 양말 5켤레", "Ankle socks, 5 pairs",
     "발바닥에 도톰한 쿠션을 넣은 면 양말.",
     "Cotton, with a cushion where the foot lands.",
     "면 cotton", 15000, 180, "🧦", "#d6e4f0"),
    ("food", "제주 녹차", "Jeju green tea",
     "첫물 잎만 덖은 녹차 60g.",
     "First-flush leaves, pan-roasted, 60 g.",
     "차 잎차 leaf", 21000, 85, "🍵", "#d3e6c4"),
    ("food", "참깨 강정", "Sesame gangjeong",
     "조청으로 버무린 바삭한 참깨 강정 12개.",
     "Twelve crisp sesame sweets bound with rice syrup.",
     "과자 한과 snack sweets", 14000, 110, "🍘", "#f0dcb4"),
    ("food", "유자청", "Yuzu marmalade",
     "고흥 유자를 얇게 썰어 재웠습니다. 차로도, 빵에도.",
     "Goheung yuzu, sliced thin. For tea, or for bread.",
     "차 잼 tea jam citron", 17000, 95, "🍋", "#fbeaa0"),
    ("food", "원두 500g", "Coffee beans, 500 g",
     "초콜릿과 귤 향의 중간 볶음. 주문한 주에 볶습니다.",
     "Medium roast, chocolate and tangerine. Roasted in the week you order.",
     "커피 coffee roast", 25000, 70, "☕", "#c9a78c"),
    ("outdoor", "2인용 텐트", "Tent for two",
     "5분이면 서는 돔 텐트, 2.1kg.",
     "A dome that stands in five minutes, 2.1 kg.",
     "캠핑 camping", 189000, 12, "⛺", "#cfe0c8"),
    ("outdoor", "보온 물병", "Insulated bottle",
     "열두 시간 따뜻하고 하루 종일 차갑습니다. 500ml.",
     "Hot for twelve hours, cold for a day. 500 ml.",
     "텀블러 물 tumbler water", 29000, 130, "🥤", "#c9dfe6"),
    ("outdoor", "접이식 의자", "Folding chair",
     "너도밤나무 의자. 납작하게 접혀 어디든 들고 갈 수 있습니다, 1.9kg.",
     "Beech wood that folds flat, to take anywhere: 1.9 kg.",
     "캠핑 camping seat", 48000, 33, "🪑", "#e3d5c4"),
    ("outdoor", "트레킹 배낭 30L", "Trekking backpack, 30 L",
     "등판이 떠 있어 땀이 차지 않습니다. 레인 커버 포함.",
     "A suspended back that stays dry. Rain cover included.",
     "가방 등산 hiking bag", 98000, 26, "🎒", "#d4cfe4"),
]  # fmt: skip

_PRODUCT = (
    "category", "name_ko", "name_en", "description_ko", "description_en", "keywords", "price", "stock", "emoji",
    "colour",
)  # fmt: skip


def upgrade() -> None:
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT EXISTS (SELECT FROM products)")).scalar():
        return
    for position, (id, name_ko, name_en, emoji) in enumerate(CATEGORIES):
        connection.execute(
            sa.text(
                "INSERT INTO categories (id, name_ko, name_en, emoji, position)"
                " VALUES (:id, :name_ko, :name_en, :emoji, :position) ON CONFLICT DO NOTHING"
            ),
            {"id": id, "name_ko": name_ko, "name_en": name_en, "emoji": emoji, "position": position},
        )
    columns = ", ".join(_PRODUCT)
    values = ", ".join(f":{name}" for name in _PRODUCT)
    statement = sa.text(f"INSERT INTO products ({columns}) VALUES ({values})")
    connection.execute(statement, [dict(zip(_PRODUCT, product, strict=True)) for product in PRODUCTS])
