-- The spans for which an account's bill has usage: what it does not list there
-- was not charged. Corrections of earlier periods assert nothing.
SELECT DISTINCT provider, account, charge_from AS from_time, charge_until AS until_time
FROM charges
WHERE consumed_quantity IS NOT NULL AND charge_category = 'Usage' AND charge_class <> 'Correction' AND account <> ''
