"""Official words of reviews on paper; the pages say the same, which a test compares."""

from typing import Final

FIELDS: Final = {
    "sbp_mmhg": "收缩压 mmHg",
    "dbp_mmhg": "舒张压 mmHg",
    "hr_per_min": "心率 次/分",
    "rr_per_min": "呼吸 次/分",
    "spo2_percent": "血氧 %",
    "temp_c": "体温 ℃",
    "blood_loss_ml": "失血 mL",
    "consciousness": "意识",
    "fhr_bpm": "胎心 次/分",
    "chief_complaint": "主诉",
    "diagnosis": "诊断",
    "background": "病史",
    "treatment": "处理",
    "drugs": "用药",
    "allergies": "过敏",
    "blood_given": "输血",
    "lines": "管路",
    "contractions": "宫缩",
    "amniotic_fluid": "羊水",
    "fetus": "胎儿",
    "hb_g_per_l": "血红蛋白 g/L",
    "plt_10e9_per_l": "血小板 ×10⁹/L",
    "fibrinogen_g_per_l": "纤维蛋白原 g/L",
    "wbc_10e9_per_l": "白细胞 ×10⁹/L",
    "pt_s": "PT s",
    "aptt_s": "APTT s",
    "d_dimer_mg_per_l": "D-二聚体 mg/L",
    "creatinine_umol_per_l": "肌酐 µmol/L",
    "alt_u_per_l": "ALT U/L",
    "glucose_mmol_per_l": "血糖 mmol/L",
    "lactate_mmol_per_l": "乳酸 mmol/L",
    "urine_ml_per_h": "尿量 mL/h",
    "cervix_cm": "宫口 cm",
    "labour_hours": "产程 h",
}
"""Fields of the pack, with their units."""
TIERS: Final = {"province": "省级", "city": "市级", "county": "县级", "township": "乡镇"}
MEASURES: Final = {"open": "待完成", "done": "待核实", "verified": "已核实", "dropped": "已取消"}
