"""A living region that does not exist: places, people, a month of cases, a scripted emergency."""

PASSWORD = "Yunshang-demo-2026"  # noqa: S105 - printed at every start; demo installations only

SHOWN = (
    ("lj001.doctor", "临江县人民医院 产科医生（发起转诊）", "county doctor who sends cases"),
    ("lj001.desk", "临江县人民医院 值班台", "county duty desk"),
    ("yj001.expert", "云江市妇幼保健院 产科一线（值班专家）", "on-call expert, city centre"),
    ("yj001.second", "云江市妇幼保健院 产科二线", "second line, city centre"),
    ("yj001.neonatal", "云江市妇幼保健院 新生儿科", "neonatologist, city centre"),
    ("yj001.desk", "云江市妇幼保健院 总值班", "general duty desk, city centre"),
    ("yj001.affairs", "云江市妇幼保健院 医务科（审批排班）", "medical affairs, approves rosters"),
    ("yj002.expert", "云江市第一人民医院 产科一线", "expert of a second hospital"),
    ("yl001.expert", "云岚省妇幼保健院 产科一线", "expert, provincial centre"),
    ("lj002.coordinator", "临江县妇幼保健院 孕管中心协调员", "county coordinator"),
    ("lj101.doctor", "柳塘卫生院 医师（乡镇专案）", "township doctor with case files"),
    (
        "lj002.midwife",
        "临江县妇幼保健院 重点人群名册（专门权限）",
        "keeper of the confidential list",
    ),
    ("yl003.officer", "省卫生健康委（只看指标和脱敏病例）", "health commission"),
    ("yj009.officer", "云江市卫生健康委（只看本市）", "health commission of a city"),
    ("lj009.officer", "临江县卫生健康局（只看本县）", "health commission of a county"),
    ("yl003.system", "系统管理员", "system administrator"),
    ("yl003.security", "安全管理员", "security administrator"),
    ("yl003.auditor", "审计管理员", "auditor"),
)


def logins() -> list[str]:
    """Who may log in to look around, a line each; all of them are made up."""
    lines = [f"password for all 统一口令: {PASSWORD}"]
    return lines + [f"{login:<18} {zh} · {en}" for login, zh, en in SHOWN]
