"""Queries and passages to measure a reduced precision on: invented for this, in the manner of PubMed."""

QUERIES: tuple[str, ...] = (
    "statins and breast cancer survival",
    "What is the best antibiotic for community-acquired pneumonia in adults?",
    "insulin resistance exercise",
    "CRISPR screen for drug resistance genes in melanoma",
    "Does vitamin D supplementation prevent falls in older people?",
    "gut microbiome Parkinson disease",
    "A 62-year-old woman with atrial fibrillation and a recent stroke asks about anticoagulation.",
    "IL-6 inhibitor",
    "school closure influenza transmission model",
    "chronic low back pain cognitive behavioural therapy randomised trial",
    "EGFR T790M mutation liquid biopsy",
    "maternal anaemia and birth weight",
)

PASSAGES: tuple[tuple[str, str], ...] = (
    (
        "Statin use after diagnosis and survival of women with breast cancer: a registry study.",
        "We linked dispensing records with a cancer registry to follow 8,214 women with stage I to III disease. "
        "Statin use within two years of diagnosis was associated with lower breast cancer mortality "
        "(hazard ratio 0.81, 95% CI 0.70 to 0.94). The association was stronger for lipophilic statins.",
    ),
    (
        "Amoxicillin alone or with a macrolide for community-acquired pneumonia in adults.",
        "In this open-label trial, 902 adults admitted to general wards received amoxicillin with or without "
        "azithromycin. Clinical stability at day four did not differ (71% versus 74%), and diarrhoea was more "
        "frequent with the combination.",
    ),
    (
        "Twelve weeks of interval training improve insulin sensitivity in adults with obesity.",
        "Forty-one sedentary adults were assigned to interval training or stretching. The glucose infusion rate "
        "during a clamp rose by 19% after training, with no change in body weight.",
    ),
    (
        "A genome-wide knockout screen identifies mediators of BRAF inhibitor resistance in melanoma cells.",
        "A pooled library of guide RNAs was introduced into A375 cells that were grown in vemurafenib. Loss of "
        "NF1, MED12 and two subunits of the SAGA complex restored proliferation through sustained ERK activity.",
    ),
    (
        "Vitamin D and falls: results of a community trial in people over 75.",
        "Monthly cholecalciferol raised serum 25-hydroxyvitamin D but did not reduce the rate of falls "
        "(incidence rate ratio 1.02). Participants with levels below 30 nmol/L at baseline showed no benefit.",
    ),
    (
        "Faecal microbial composition in early Parkinson disease.",
        "Stool from 67 untreated patients and 65 spouses was sequenced. Prevotellaceae were depleted and "
        "Akkermansia enriched in patients. Constipation explained part of the difference.",
    ),
    (
        "Early or delayed start of direct oral anticoagulants after ischaemic stroke with atrial fibrillation.",
        "Starting within four days of a minor stroke gave fewer recurrent events than starting at day twelve "
        "and no excess of intracranial haemorrhage. Results for severe strokes were inconclusive.",
    ),
    (
        "Blockade of interleukin-6 signalling in giant cell arteritis.",
        "Tocilizumab weekly, with a prednisone taper of 26 weeks, led to sustained remission in 54% of patients, "
        "against 17% with the taper alone. Neutropenia occurred in four patients.",
    ),
    (
        "School holidays slow the spread of seasonal influenza: a modelling analysis of eleven winters.",
        "Contact matrices from diaries were combined with sentinel data in an age-structured model. Holidays "
        "lowered the effective reproduction number among children by a quarter.",
    ),
    (
        "Cognitive behavioural therapy for chronic low back pain delivered by physiotherapists.",
        "Disability on the Roland-Morris scale improved more with therapy than with usual care at twelve months "
        "(difference 2.1 points). The cost per quality-adjusted life year was moderate.",
    ),
    (
        "Plasma genotyping of EGFR T790M after progression on first-line inhibitors.",
        "Digital PCR on circulating DNA detected T790M in 58 of 102 patients; tissue agreed in 81%. Response to "
        "osimertinib was similar in plasma-positive and tissue-positive cases.",
    ),
    (
        "Anaemia in the first trimester and the weight of the newborn in rural districts.",
        "Haemoglobin below 100 g/L was associated with birth weight lower by 112 g after adjustment for "
        "maternal height, parity and season. Iron tablets were taken by 61% of the women.",
    ),
    ("Comment on a case of spontaneous pneumothorax.", ""),
    (
        "",
        "Zebrafish larvae lacking the potassium channel kcnq5a swim in circles and habituate slowly to light; "
        "the phenotype is rescued by retigabine.",
    ),
    (
        "Structure of a bacterial efflux pump bound to a macrocyclic inhibitor at 2.8 Å.",
        "Cryo-electron microscopy shows the inhibitor lodged in the deep binding pocket, where it blocks the "
        "switch loop. Mutations at F610 and F628 abolish inhibition.",
    ),
    (
        "Prevalence of burnout among paramedics: a cross-sectional survey.",
        "Of 1,344 respondents, 38% scored high on emotional exhaustion. Night shifts, verbal abuse and lack of "
        "debriefing were independent predictors.",
    ),
    (
        "Sodium-glucose cotransporter inhibitors slow the decline of kidney function without diabetes.",
        "The slope of estimated glomerular filtration rate was −1.9 mL/min/1.73 m² per year with treatment and "
        "−3.4 with placebo. Genital infections were more common.",
    ),
    (
        "Deep learning for the grading of diabetic retinopathy from handheld cameras.",
        "A convolutional network reached a sensitivity of 93% and a specificity of 88% for referable disease. "
        "A tenth of the images could not be graded.",
    ),
    (
        "Long-term outcome of paediatric liver transplantation from living donors.",
        "Graft survival at ten years was 84%. Biliary strictures and late rejection were the leading causes of "
        "graft loss; adherence fell in adolescence.",
    ),
    (
        "Wolbachia-carrying mosquitoes and the incidence of dengue in a coastal city.",
        "Releases in half of the clusters reduced virologically confirmed dengue by 69%. The bacterium was still "
        "established in local Aedes aegypti after three years.",
    ),
    (
        "Transcranial stimulation in obsessive-compulsive disorder: a sham-controlled pilot.",
        "Twenty patients received deep stimulation of the medial prefrontal cortex. Symptom scores fell by 27% "
        "with active coils and by 11% with sham.",
    ),
    (
        "Antenatal corticosteroids in late preterm twins.",
        "Betamethasone between 34 and 36 weeks did not lower respiratory morbidity, and neonatal hypoglycaemia "
        "increased from 12% to 20%.",
    ),
    (
        "Somatic mosaicism of mTOR pathway genes in focal cortical dysplasia.",
        "Deep sequencing of resected tissue found low-frequency variants in 46% of cases, most often in MTOR and "
        "DEPDC5. The variant fraction correlated with the extent of dysmorphic neurons.",
    ),
    (
        "Household water treatment and childhood diarrhoea: chlorine tablets against ceramic filters.",
        "Both methods reduced caregiver-reported diarrhoea by a third. Filters were used longer, and breakage was "
        "the main reason for stopping.",
    ),
)

CROSS_QUERIES, CROSS_PASSAGES = QUERIES[:6], PASSAGES[:12]
"""Re-rankers read each of these queries with each of these passages: 72 pairs keep the check short."""
