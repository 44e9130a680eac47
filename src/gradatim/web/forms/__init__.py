"""Forms: made from the types of the events, so that every act has one."""
