-- The spans for which the bill speaks of a resource: what it does not list for
-- the resource then was not charged. Corrections of earlier periods assert
-- nothing.
SELECT DISTINCT provider, account, resource, charge_from AS from_time, charge_until AS until_time
FROM charges
WHERE consumed_quantity IS NOT NULL AND charge_category = 'Usage' AND charge_class <> 'Correction' AND account <> ''
