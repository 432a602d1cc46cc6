/// The version of Descent: in the first line of emitted programs, and in what the cache compares.
package let version = "0.2.0"
