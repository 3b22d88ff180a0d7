// Package bench measures a review end to end, as a whole process, and beside
// it what a user would reach for instead.
package bench
